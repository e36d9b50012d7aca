// The mock server's answers: [method, path pattern, handler(house, match, body, query) -> body, or {status, body}].
import { cameras, center, colleague, teams, user } from './city.js'
import { phoneRoutes } from './phones.js'
import { CODEC } from './pictures.js'

const status = (code, body = null) => ({ status: code, body })
const wav = makeWav(6)

export const routes = (house, { answer, pictures, signedIn }) => [
  ...phoneRoutes(house),
  [
    'GET',
    /^\/session$/,
    () =>
      signedIn.now
        ? { user, city: { name: 'Batam', center, zone: 'Asia/Jakarta' } }
        : status(401, { error: { code: 'not_signed_in', message: 'sign in first' } }),
  ],
  [
    'POST',
    /^\/session$/,
    (_, { password }) => {
      if (password === 'salah') return status(401, { error: { code: 'wrong_password', message: 'wrong' } })
      signedIn.now = true
      return { user }
    },
  ],
  [
    'DELETE',
    /^\/session$/,
    () => {
      signedIn.now = false
      return status(204)
    },
  ],
  [
    'POST',
    /^\/shift$/,
    () => {
      house.operator({ state: { state: 'preparing' } })
      return status(204)
    },
  ],
  [
    'DELETE',
    /^\/shift$/,
    () => {
      house.operators.delete(user.id)
      house.tell({ event: 'operator_left', operator: user.id })
      return status(204)
    },
  ],
  [
    'PUT',
    /^\/shift\/readiness$/,
    (_, body) => {
      house.operator({ state: body.state === 'ready' ? { state: 'ready' } : { state: 'paused', reason: body.reason } })
      return status(204)
    },
  ],
  [
    'POST',
    /^\/shift\/media$/,
    async (_, { sdp }) => {
      house.operator({ media_connected: false })
      const answered = await answer(sdp)
      setTimeout(() => house.operator({ media_connected: true }), 300)
      return { sdp: answered }
    },
  ],
  [
    'POST',
    /^\/shift\/test$/,
    async () => {
      await new Promise((done) => setTimeout(done, 1500))
      return { microphone_dbfs: -23.4 }
    },
  ],
  [
    'GET',
    /^\/calls$/,
    (_, __, query) => {
      const number = query.get('number')
      return [...house.calls.values()].filter((call) => !number || call.number?.includes(number)).reverse()
    },
  ],
  ['GET', /^\/calls\/([^/]+)$/, ([call]) => (house.calls.has(call) ? detail(house, call) : status(404))],
  [
    'POST',
    /^\/calls\/([^/]+)\/(answer|hangup|hold|resume|decline|digits)$/,
    ([call, action]) => act(house, call, action),
  ],
  ['GET', /^\/calls\/[^/]+\/recording.wav$/, () => ({ file: wav, type: 'audio/wav' })],
  ['GET', /^\/reports\/([^/]+)$/, ([report]) => house.reports.get(report) ?? status(404)],
  [
    'PUT',
    /^\/reports\/([^/]+)$/,
    ([report], body) => {
      const before = house.reports.get(report)
      if ((before?.revision ?? 0) !== body.base)
        return status(409, { error: { code: 'stale_revision', message: 'stale' }, report: before })
      const saved = {
        incident: null,
        disposition: null,
        ...before,
        id: report,
        call: body.call,
        fields: body.fields,
        revision: body.revision,
        saved_at: new Date().toISOString(),
      }
      house.reports.set(report, saved)
      house.tell({ event: 'report', report: saved })
      house.log('report.saved', {}, { call: body.call })
      return saved
    },
  ],
  [
    'POST',
    /^\/reports\/([^/]+)\/close$/,
    ([report], { disposition }) => {
      const closed = { ...house.reports.get(report), disposition }
      house.reports.set(report, closed)
      house.log('report.closed', { disposition }, { call: closed.call })
      return closed
    },
  ],
  ['POST', /^\/incidents$/, (_, { report }) => status(201, house.openIncident(report))],
  [
    'GET',
    /^\/incidents$/,
    (_, __, query) =>
      [...house.incidents.values()]
        .filter(({ state }) => !query.get('state') || state === query.get('state'))
        .reverse(),
  ],
  [
    'GET',
    /^\/incidents\/([^/]+)$/,
    ([incident]) => ({
      incident: house.incidents.get(incident),
      calls: [...house.reports.values()]
        .filter((report) => report.incident === incident)
        .map((report) => house.calls.get(report.call)),
      footage: [...house.footage.values()].filter((one) => one.incident === incident),
      timeline: house.timeline.filter((entry) => entry.incident === incident),
    }),
  ],
  [
    'POST',
    /^\/incidents\/([^/]+)\/dispatches$/,
    ([incident], body) => status(201, house.dispatch(incident, body.teams)),
  ],
  [
    'POST',
    /^\/incidents\/([^/]+)\/notes$/,
    ([incident], { text }) => status(201, house.log('incident.note', { text }, { incident })),
  ],
  [
    'POST',
    /^\/incidents\/([^/]+)\/close$/,
    ([incident], { disposition }) => {
      const closed = { ...house.incidents.get(incident), state: 'closed', closed_at: new Date().toISOString() }
      house.incidents.set(incident, closed)
      house.log('incident.closed', { disposition }, { incident })
      house.tell({ event: 'incident', incident: closed })
      return closed
    },
  ],
  [
    'GET',
    /^\/cameras\/nearest$/,
    () => cameras.slice(0, 2).map((camera, n) => ({ ...camera, distance_m: 180 + 140 * n })),
  ],
  ['GET', /^\/(types|agencies|teams|cameras)$/, ([list]) => house.lists[list]],
  [
    'POST',
    /^\/teams\/[^/]+\/link$/,
    () => ({
      token: 'contoh-token',
      telegram_url: 'https://t.me/contoh_bot?startgroup=contoh-token',
      expires_at: new Date(Date.now() + 3.6e6).toISOString(),
    }),
  ],
  [
    'GET',
    /^\/footage\/([^/]+)$/,
    ([footage]) => ({
      codec: CODEC,
      growing: false,
      segments: (pictures?.segments ?? []).map((_, n) => ({
        n,
        start: new Date(Date.parse(house.footage.get(footage).from) + n * 2000 + (n > 5 ? 30_000 : 0)).toISOString(),
        duration_ms: 2000,
      })),
    }),
  ],
  ['GET', /^\/footage\/[^/]+\/segments\/(\d+)$/, ([n]) => ({ file: pictures.segments[n], type: 'video/mp4' })],
  [
    'POST',
    /^\/alarms\/([^/]+)\/acknowledge$/,
    ([alarm]) => {
      house.alarms.delete(alarm)
      house.tell({ event: 'alarm_cleared', alarm })
      return status(204)
    },
  ],
  ['GET', /^\/users$/, () => [user, colleague]],
  [
    'GET',
    /^\/audit$/,
    () => [
      {
        seq: 1,
        at: new Date().toISOString(),
        user: user.id,
        user_name: user.name,
        action: 'recording.listened',
        subject: teams[0].id,
      },
    ],
  ],
  [
    'GET',
    /^\/statistics\/today$/,
    () => ({
      from: '',
      calls: 214,
      answered: 197,
      abandoned: 17,
      answered_in_target: 189,
      target_s: 15,
      by_disposition: {},
      incidents: 9,
      open_calls: 1,
      service_levels: house.serviceLevels,
    }),
  ],
]

function detail(house, callId) {
  const call = house.calls.get(callId)
  const earlier = [...house.calls.values()].filter(
    (one) => one.number === call.number && one.id !== callId && one.state === 'ended',
  )
  return {
    call,
    report: house.reports.get(call.report) ?? null,
    earlier: earlier.map((one) => ({
      call: one.id,
      arrived_at: one.arrived_at,
      caller_name: 'Siti',
      place: 'Bengkong',
      disposition: 'information',
      incident: null,
      incident_number: null,
    })),
    recording: call.answered_at
      ? {
          call: callId,
          started_at: call.arrived_at,
          sealed:
            call.state === 'ended'
              ? {
                  sealed_at: call.ended_at,
                  duration_ms: 6000,
                  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
                  repaired: false,
                }
              : null,
        }
      : null,
    timeline: house.timeline.filter((entry) => entry.call === callId),
  }
}

function act(house, call, action) {
  if (action === 'answer') house.answer(call)
  if (action === 'hangup') house.end(call, 'operator')
  if (action === 'hold') house.change(call, { state: 'held' }, 'call.held')
  if (action === 'resume') house.change(call, { state: 'active' }, 'call.resumed')
  if (action === 'decline') {
    house.change(call, { state: 'waiting', operator: null, operator_name: null }, 'call.declined')
    house.operator({ state: { state: 'ready' }, call: null })
    house.tell({ event: 'offer_withdrawn', call, why: 'declined' })
  }
  return status(204)
}

/** A stereo file at 8 kHz with a tone in each channel. */
function makeWav(seconds) {
  const frames = seconds * 8000
  const file = Buffer.alloc(44 + frames * 4)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + frames * 4, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(2, 22)
  file.writeUInt32LE(8000, 24)
  file.writeUInt32LE(32_000, 28)
  file.writeUInt16LE(4, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(frames * 4, 40)
  for (let i = 0; i < frames; i += 1) {
    file.writeInt16LE(8000 * Math.sin((2 * Math.PI * 440 * i) / 8000), 44 + i * 4)
    file.writeInt16LE(8000 * Math.sin((2 * Math.PI * 660 * i) / 8000), 46 + i * 4)
  }
  return file
}
