declare module 'open-location-code' {
  export class OpenLocationCode {
    isValid(code: string): boolean
    isShort(code: string): boolean
    recoverNearest(code: string, latitude: number, longitude: number): string
    decode(code: string): { latitudeCenter: number; longitudeCenter: number }
  }
  const library: { OpenLocationCode: typeof OpenLocationCode }
  export default library
}
