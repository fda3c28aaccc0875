/** Sounds made for a test. */

/** A WAV file (mono, 16 bit) in which a note is plucked every half second. */
export function plucked(seconds: number, rate = 8000): Buffer {
  const samples = Math.round(seconds * rate);
  const sound = Buffer.alloc(samples * 2);
  for (let index = 0; index < samples; index++) {
    const note = Math.floor(index / (rate / 2));
    const since = (index % (rate / 2)) / rate;
    const pitch = 110 * 2 ** (((note * 5) % 24) / 12);
    const value = Math.sin(2 * Math.PI * pitch * since) * Math.exp(-4 * since);
    sound.writeInt16LE(Math.round(value * 12_000), index * 2);
  }
  return Buffer.concat([header(sound.length, rate), sound]);
}

function header(bytes: number, rate: number): Buffer {
  const wav = Buffer.alloc(44);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + bytes, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // samples as they are
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(bytes, 40);
  return wav;
}
