// Test pictures for cameras: one H.264 stream as an initialisation segment and fragments, and the same as segments of two seconds.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SOURCE = 'testsrc2=size=640x360:rate=12'
const CODING = ['-c:v', 'libx264', '-profile:v', 'baseline', '-level', '3.1', '-pix_fmt', 'yuv420p', '-g', '12']
const FRAGMENTS = 'frag_keyframe+empty_moov+default_base_moof'
export const CODEC = 'avc1.42C01F'

/** Made with ffmpeg; null where it is not installed. */
export function makePictures() {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'siaga-pictures-'))
    const run = (...more) =>
      execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', SOURCE, ...more], { cwd: folder })
    run('-t', '30', ...CODING, '-movflags', FRAGMENTS, 'live.mp4')
    run(
      '-t',
      '20',
      ...CODING,
      '-g',
      '24',
      '-f',
      'segment',
      '-segment_time',
      '2',
      '-reset_timestamps',
      '1',
      '-segment_format_options',
      `movflags=${FRAGMENTS}`,
      's%02d.mp4',
    )
    const segments = readdirSync(folder)
      .filter((name) => name.startsWith('s'))
      .sort()
    return {
      ...split(readFileSync(join(folder, 'live.mp4'))),
      segments: segments.map((name) => readFileSync(join(folder, name))),
    }
  } catch {
    return null
  }
}

/** Cuts a fragmented MP4 before every `moof`. */
function split(file) {
  const cuts = []
  for (let at = 0; at + 8 <= file.length; at += file.readUInt32BE(at)) {
    const kind = file.toString('latin1', at + 4, at + 8)
    if (kind === 'moof' || kind === 'mfra') cuts.push(at)
    if (file.readUInt32BE(at) < 8) break
  }
  const parts = cuts.map((cut, i) => file.subarray(cut, cuts[i + 1] ?? file.length))
  return {
    init: file.subarray(0, cuts[0]),
    fragments: parts.filter((part) => part.toString('latin1', 4, 8) === 'moof'),
  }
}
