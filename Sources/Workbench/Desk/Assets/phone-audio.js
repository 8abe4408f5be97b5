// Sound as a telephone carries it: G.711 µ-law, 8 kHz, mono, in a WAV file. Made from files and the microphone, played, and drawn.

export const rate = 8000;
/** Longer recordings are refused: their base64 would pass what one turn may carry. */
export const longest = 300;

/** One sample, -1 to 1, as an octet of µ-law (ITU-T G.711). */
export function compress(value) {
  const bias = 0x84;
  let sample = Math.round(Math.max(-1, Math.min(1, value)) * 32_767);
  const sign = sample < 0 ? 0x80 : 0;
  sample = Math.min(Math.abs(sample), 32_635) + bias;
  const exponent = Math.max(0, 24 - Math.clz32(sample));
  return ~(sign | (exponent << 4) | ((sample >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** The sample, -1 to 1, of an octet of µ-law. */
export function expand(octet) {
  const value = ~octet & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
  return (value & 0x80 ? -magnitude : magnitude) / 32_768;
}

/** A WAV file around octets of µ-law. */
export function file(octets) {
  const padding = octets.length % 2, whole = new Uint8Array(58 + octets.length + padding), view = new DataView(whole.buffer);
  const word = (at, text) => { for (let index = 0; index < 4; index += 1) whole[at + index] = text.charCodeAt(index); };
  word(0, "RIFF"); view.setUint32(4, whole.length - 8, true); word(8, "WAVE");
  word(12, "fmt "); view.setUint32(16, 18, true); view.setUint16(20, 7, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, rate, true); view.setUint16(32, 1, true); view.setUint16(34, 8, true);
  word(38, "fact"); view.setUint32(42, 4, true); view.setUint32(46, octets.length, true);
  word(50, "data"); view.setUint32(54, octets.length, true);
  whole.set(octets, 58);
  return whole;
}

/** `{format, channels, rate, data}` of a WAV file, or null for anything else. */
export function parse(octets) {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const word = (at) => String.fromCharCode(...octets.subarray(at, at + 4));
  if (octets.length < 44 || word(0) !== "RIFF" || word(8) !== "WAVE") return null;
  let found = null;
  for (let at = 12; at + 8 <= octets.length;) {
    const size = view.getUint32(at + 4, true), start = at + 8;
    if (word(at) === "fmt " && start + 16 <= octets.length) {
      found = { format: view.getUint16(start, true), channels: view.getUint16(start + 2, true), rate: view.getUint32(start + 4, true) };
    } else if (word(at) === "data" && found) {
      return { ...found, data: octets.subarray(start, Math.min(octets.length, start + size)) };
    }
    at = start + size + (size % 2);
  }
  return null;
}

const isTelephone = (wave) => wave && wave.format === 7 && wave.channels === 1 && wave.rate === rate;

/** What a recording of any format sounds like over the telephone: `{file, samples, seconds}`. Throws in plain words. */
export async function telephone(blob) {
  const octets = new Uint8Array(await blob.arrayBuffer());
  const wave = parse(octets);
  if (isTelephone(wave)) return checked({ file: octets, samples: Float32Array.from(wave.data, expand) });
  let decoded;
  // A context of 8 kHz gives 8 kHz, whatever the recording has.
  try { decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(octets.slice().buffer); }
  catch { throw new Error("This file is no sound that the browser can read. WAV, MP3, Ogg and WebM usually work."); }
  const samples = new Float32Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel += 1) {
    const part = decoded.getChannelData(channel);
    for (let index = 0; index < samples.length; index += 1) samples[index] += part[index] / decoded.numberOfChannels;
  }
  return checked({ file: file(Uint8Array.from(samples, compress)), samples });
}

function checked(sound) {
  sound.seconds = sound.samples.length / rate;
  if (sound.seconds > longest) throw new Error(`This lasts ${Math.round(sound.seconds)} s; one turn carries at most ${longest} s.`);
  if (!sound.samples.length) throw new Error("There is no sound in this file.");
  return sound;
}

/** Octets in pieces, because a call takes only so many arguments. */
export function base64(octets) {
  let text = "";
  for (let at = 0; at < octets.length; at += 0x8000) text += String.fromCharCode(...octets.subarray(at, at + 0x8000));
  return btoa(text);
}

/** The microphone, until `stop()` gives what it heard; `cancel()` forgets it. */
export async function microphone() {
  if (!navigator.mediaDevices || !window.MediaRecorder) throw new Error("This browser has no microphone for pages.");
  let stream;
  try { stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } }); }
  catch (error) {
    throw new Error(error.name === "NotFoundError" ? "There is no microphone on this machine." : "The browser does not let this page use the microphone.");
  }
  const recorder = new MediaRecorder(stream), pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.start();
  const ended = new Promise((resolve) => { recorder.onstop = resolve; });
  const finish = async () => {
    if (recorder.state !== "inactive") recorder.stop();
    await ended;
    for (const track of stream.getTracks()) track.stop();
  };
  return { cancel: finish, async stop() { await finish(); return telephone(new Blob(pieces, { type: recorder.mimeType })); } };
}

let context = null;
let playing = null;

function speaker() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  return context;
}

/** Plays one sound at a time; `ended` is called when it is over or another one begins. */
export function play(sound, ended) {
  stop();
  const audio = speaker(), buffer = audio.createBuffer(1, sound.samples.length, rate), source = audio.createBufferSource();
  buffer.copyToChannel(sound.samples, 0);
  source.buffer = buffer;
  source.connect(audio.destination);
  const mine = playing = { source, ended };
  source.onended = () => { if (playing === mine) playing = null; ended?.(); };
  source.start();
}

export function stop() { playing?.source.stop(); }

const rows = [697, 770, 852, 941], columns = [1209, 1336, 1477];

/** The two tones of a key (ITU-T Q.23), quietly. */
export function tone(key) {
  const place = "123456789*0#".indexOf(key);
  if (place < 0) return;
  const audio = speaker(), gain = audio.createGain(), now = audio.currentTime;
  gain.gain.setValueAtTime(0.04, now);
  gain.gain.setTargetAtTime(0, now + 0.09, 0.01);
  gain.connect(audio.destination);
  for (const frequency of [rows[Math.floor(place / 3)], columns[place % 3]]) {
    const source = audio.createOscillator();
    source.frequency.value = frequency;
    source.connect(gain);
    source.start(now);
    source.stop(now + 0.15);
  }
}

/** The loudness of a sound in `count` bars, each 0 to 1. */
export function bars(samples, count = 48) {
  const width = Math.max(1, Math.floor(samples.length / count)), found = [];
  for (let at = 0; at + width <= samples.length && found.length < count; at += width) {
    let peak = 0;
    for (let index = at; index < at + width; index += 1) peak = Math.max(peak, Math.abs(samples[index]));
    found.push(peak);
  }
  return found;
}
