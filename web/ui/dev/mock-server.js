// `npm run mock`: the stand-in server on port 8112, with a call every minute. The console comes from `npm run dev` or from dist.
import { center } from './mock/city.js'
import { startMock } from './mock/server.js'

const mock = await startMock({ port: 8112 })
console.log(mock.url)
const location = {
  position: { latitude: center.latitude + 0.001, longitude: center.longitude + 0.002 },
  radius_m: 150,
  civic: null,
}
setInterval(() => mock.house.arrive({ location }), 60_000)
