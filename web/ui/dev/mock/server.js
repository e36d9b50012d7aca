// A stand-in for Siaga while the console is being developed: no SIP, no database. It is not shipped and no test of the product uses it.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { House } from './house.js'
import { CODEC, makePictures } from './pictures.js'
import { routes } from './routes.js'

const DIST = process.env.SIAGA_DIST ?? fileURLToPath(new URL('../../dist/', import.meta.url))
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.geojson': 'application/geo+json',
}
// The policy of the real server, so that the console is developed under it.
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; child-src 'self' blob:; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob: data:; object-src 'none'"

/** `answer` makes an SDP answer for the headset; without it the headset stays unconnected. */
export async function startMock({ port = 0, answer = () => Promise.reject(new Error('no media')) } = {}) {
  const house = new House()
  const pictures = makePictures()
  const signedIn = { now: false }
  const media = { answer }
  const table = routes(house, { answer: (sdp) => media.answer(sdp), pictures, signedIn })

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://mock')
    try {
      if (url.pathname === '/healthz') return response.end('ok')
      if (url.pathname.startsWith('/api/v1')) return await api(request, response, url)
      await file(response, url.pathname)
    } catch (error) {
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { code: 'mock', message: String(error) } }))
    }
  })

  async function api(request, response, url) {
    const path = url.pathname.slice('/api/v1'.length)
    let text = ''
    for await (const part of request) text += part
    for (const [method, pattern, handle] of table) {
      const match = method === request.method && path.match(pattern)
      if (!match) continue
      const result = await handle(match.slice(1), text ? JSON.parse(text) : {}, url.searchParams)
      if (result?.file) {
        response.writeHead(200, { 'content-type': result.type, 'content-length': result.file.length })
        return response.end(result.file)
      }
      const wrapped =
        result && typeof result.status === 'number' && 'body' in result ? result : { status: 200, body: result }
      response.writeHead(wrapped.status, { 'content-type': 'application/json' })
      return response.end(wrapped.body === null ? '' : JSON.stringify(wrapped.body))
    }
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { code: 'not_found', message: path } }))
  }

  async function file(response, path) {
    const name = extname(path) ? normalize(path) : '/index.html'
    const bytes = await readFile(join(DIST, name)).catch(() => null)
    response.writeHead(bytes ? 200 : 404, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    })
    response.end(bytes)
  }

  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, request) => {
    if (request.url.endsWith('/api/v1/live')) {
      house.sockets.add(socket)
      socket.on('close', () => house.sockets.delete(socket))
      socket.send(JSON.stringify(house.snapshot()))
      return
    }
    if (pictures) show(socket)
  })

  function show(socket) {
    socket.send(JSON.stringify({ codec: CODEC }))
    socket.send(pictures.init)
    let n = 0
    const timer = setInterval(
      () => (n < pictures.fragments.length ? socket.send(pictures.fragments[n++]) : socket.close()),
      950,
    )
    socket.send(pictures.fragments[n++])
    socket.on('close', () => clearInterval(timer))
  }

  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  const stop = () => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  }
  return { url: `http://127.0.0.1:${server.address().port}`, house, media, stop }
}
