export const SOURCE: URL
export const TARGET: URL
export function generate(): Promise<string>
