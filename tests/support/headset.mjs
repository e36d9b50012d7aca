// What runs in the operator's page so that a test hears what the headset plays.

/** Runs in the page before it: a browser that cleans up voices would take a test's tone for noise. */
export function leaveVoiceAlone() {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const original = devices.getUserMedia.bind(devices);
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  devices.getUserMedia = (wanted = {}) =>
    original(wanted.audio ? { ...wanted, audio: { ...(wanted.audio === true ? {} : wanted.audio), ...plain } } : wanted);
}

/** Runs in the page: an analyser on the received track, kept for as long as the track is the same. */
export async function listen() {
  const track = globalThis.siaga?.peer?.getReceivers()[0]?.track;
  if (!track) throw new Error("the console has no peer connection");
  globalThis.testEar ??= {};
  const ear = globalThis.testEar;
  if (ear.track !== track) {
    ear.context ??= new AudioContext();
    await ear.context.resume();
    ear.track = track;
    ear.analyser = ear.context.createAnalyser();
    ear.analyser.fftSize = 8192;
    ear.context.createMediaStreamSource(new MediaStream([track])).connect(ear.analyser);
    // Without a way to the speakers nothing would be pulled through.
    const silent = ear.context.createGain();
    silent.gain.value = 0;
    ear.analyser.connect(silent).connect(ear.context.destination);
  }
  const samples = new Float32Array(ear.analyser.fftSize);
  ear.analyser.getFloatTimeDomainData(samples);
  return { rate: ear.context.sampleRate, samples: [...samples] };
}

/** Runs in the page, after `listen`: keeps a note of which tones sound. */
export function noteTones(tones) {
  const ear = globalThis.testEar;
  ear.notes = [];
  clearInterval(ear.noting);
  ear.noting = setInterval(() => {
    const { analyser, context } = ear;
    // A sine of the tests' amplitude of 0.25 has a peak of -26 dB behind the analyser's window.
    analyser.smoothingTimeConstant = 0;
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const bin = (hz) => Math.round((hz * analyser.fftSize) / context.sampleRate);
    const heard = tones.filter((hz) => Math.max(...levels.subarray(bin(hz * 0.985), bin(hz * 1.02) + 1)) > -36);
    ear.notes.push({ at: Date.now(), tones: heard });
    if (ear.notes.length > 4_000) ear.notes.shift();
  }, 50);
}

/** Runs in the page before it: counts what would be a renegotiation. */
export function countNegotiations() {
  globalThis.testNegotiations = 0;
  for (const name of ["setLocalDescription", "setRemoteDescription"]) {
    const original = RTCPeerConnection.prototype[name];
    RTCPeerConnection.prototype[name] = function counted(...args) {
      globalThis.testNegotiations += 1;
      return original.apply(this, args);
    };
  }
}
