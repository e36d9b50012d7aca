// A small city for the mock server: people, agencies, teams, types, cameras near Batam Centre.
const id = (kind, n) => `${kind}000000-0000-7000-8000-${String(n).padStart(12, '0')}`

export const center = { latitude: 1.1301, longitude: 104.0529 }
export const user = {
  id: id('01', 1),
  username: 'ayu',
  name: 'Ayu Lestari',
  role: 'head',
  active: true,
  skills: ['fire', 'ambulance'],
  languages: ['id', 'en'],
}
export const colleague = {
  id: id('01', 2),
  username: 'bagus',
  name: 'Bagus Pratama',
  role: 'operator',
  active: true,
  skills: [],
  languages: ['id', 'zh'],
}

export const agencies = ['Damkar', 'PSC 119', 'Polresta Barelang', 'BPBD', 'PLN', 'PMI', 'Basarnas', 'Dishub'].map(
  (name, n) => ({
    id: id('02', n + 1),
    name,
    phone: `0778-${100 + n}`,
    active: true,
  }),
)

const agency = (n) => agencies[n].id
export const types = [
  ['Ambulans gawat darurat', 'Medical emergency', [1], [5]],
  ['Penyelamatan manusia', 'Rescue', [0, 6], []],
  ['Kebakaran', 'Fire', [0], [4, 5, 2]],
  ['Kecelakaan', 'Traffic accident', [2], [1, 7]],
  ['Kriminal', 'Crime', [2], []],
  ['Terorisme', 'Terrorism', [2], []],
  ['Pohon tumbang', 'Fallen tree', [0], [4, 7]],
  ['Hewan buas/berbisa', 'Dangerous animal', [0], []],
  ['Kebencanaan', 'Disaster', [3], [6]],
  ['Kerusakan konstruksi', 'Structural damage', [3, 0], []],
  ['Narkoba', 'Narcotics', [2], []],
  ['Kondisi khusus', 'Special condition', [1], []],
].map(([name, name_en, lead, support], n) => ({
  id: id('03', n + 1),
  rank: n + 1,
  name,
  name_en,
  lead: lead.map(agency),
  support: support.map(agency),
  active: true,
}))

export const teams = [
  [0, 'Regu Damkar Batam Kota', 1.128, 104.049],
  [0, 'Regu Damkar Sekupang', 1.118, 103.95],
  [1, 'Ambulans PSC 119 Nagoya', 1.145, 104.013],
  [2, 'SPKT Polresta Barelang', 1.106, 104.037],
  [3, 'TRC BPBD', null, null],
  [4, 'PLN Siaga Batam', null, null],
  [5, 'PMI Kota Batam', 1.135, 104.02],
  [7, 'Dishub Patroli', null, null],
].map(([of, name, latitude, longitude], n) => ({
  id: id('04', n + 1),
  agency: agency(of),
  agency_name: agencies[of].name,
  name,
  telegram_chat: -1001000 - n,
  whatsapp_number: null,
  position: latitude ? { latitude, longitude } : null,
  active: true,
}))

export const cameras = [
  ['Simpang Masjid Raya', 1.1288, 104.0545],
  ['Bundaran Engku Putri', 1.1318, 104.0561],
  ['Simpang Kepri Mall', 1.106, 104.041],
].map(([name, latitude, longitude], n) => ({
  id: id('05', n + 1),
  name,
  position: { latitude, longitude },
  active: true,
  state: { state: 'recording' },
  distance_m: null,
}))
export { id }
