/** How long to wait before each new attempt after a loss. Pure: it counts, others wait. */
const STEPS = [0, 300, 1200, 2700, 4800, 7000]

/** Milliseconds before attempt `n` (0 is the first after the loss); stays at the last step. */
export function delayBefore(n: number): number {
  return STEPS[Math.min(Math.max(n, 0), STEPS.length - 1)] ?? 7000
}
