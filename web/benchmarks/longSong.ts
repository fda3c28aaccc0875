/** A ten-minute song of 3,000 notes as the service would answer it: 300 bars at 120, ten notes in each. */
import type { Page } from '@playwright/test';

const BARS = 300;
const SECONDS_PER_BAR = 2;
const NOTES_PER_BAR = 10;
export const NOTES = BARS * NOTES_PER_BAR;
const SECONDS = BARS * SECONDS_PER_BAR;
const SAMPLE_RATE = 8000;
const TUNING = [64, 59, 55, 50, 45, 40];

interface Place {
  eighth: number;
  string: number;
  fret: number;
}

/** A picked pattern with a bass note on the first and fifth eighth. */
function places(bar: number): Place[] {
  const base = (bar * 5) % 8;
  const picked = [1, 3, 2, 1, 3, 2, 1, 2].map((string, eighth) => ({
    eighth,
    string,
    fret: (base + eighth) % 12,
  }));
  return [...picked, { eighth: 0, string: 6, fret: base }, { eighth: 4, string: 5, fret: base }];
}

/** A note that was put elsewhere. */
export interface Moved {
  note: string;
  string: number;
  fret: number;
}

/** The pattern of a bar, with a note elsewhere if it is one of this bar's. */
function played(bar: number, moved?: Moved): Place[] {
  return places(bar).map((place, index) =>
    idOf(bar, index) === moved?.note ? { ...place, ...moved } : place,
  );
}

function idOf(bar: number, index: number): string {
  return `t1n${bar * NOTES_PER_BAR + index + 1}`;
}

export function longTab(like: Record<string, unknown>, moved?: Moved): Record<string, unknown> {
  const bars = Array.from({ length: BARS }, (_, bar) => bar);
  const beats = Array.from({ length: BARS * 4 + 1 }, (_, beat) => beat);
  return {
    ...like,
    source: { title: 'Long', duration: SECONDS, sample_rate: SAMPLE_RATE, sha256: '', start: 0 },
    tempo: 120,
    swing: null,
    measures: bars.map((bar) => ({
      number: bar + 1,
      onset: bar * SECONDS_PER_BAR,
      time_signature: [4, 4],
      tempo: 120,
      start: [bar * 4, 1],
      length: [4, 1],
    })),
    beats: beats.map((beat) => ({
      onset: beat / 2,
      measure: Math.min(Math.floor(beat / 4), BARS - 1) + 1,
      beat: (beat % 4) + 1,
      position: [beat, 1],
    })),
    sections: [],
    key_regions: [],
    tracks: [
      {
        name: 'Guitar',
        instrument: 'guitar',
        tuning: TUNING,
        tuning_name: 'standard',
        capo: 0,
        notes: bars.flatMap((bar) => played(bar, moved).map((place, index) => noteOf(bar, place, index))),
      },
    ],
  };
}

function noteOf(bar: number, { eighth, string, fret }: Place, index: number): Record<string, unknown> {
  return {
    id: idOf(bar, index),
    onset: bar * SECONDS_PER_BAR + eighth / 4,
    duration: 0.25,
    pitch: (TUNING[string - 1] ?? 0) + fret,
    string,
    fret,
    velocity: 0.7,
    confidence: index % 9 === 0 ? 0.5 : 0.95,
    measure: bar + 1,
    position: [eighth, 2],
    length: [1, 2],
    tied: false,
    techniques: [],
    alternatives: [],
  };
}

export function longAlphaTex(moved?: Moved): string {
  const bars = Array.from({ length: BARS }, (_, bar) => {
    const eighths = Array.from({ length: 8 }, (_, eighth) => {
      const notes = played(bar, moved).filter((place) => place.eighth === eighth);
      return `(${notes.map(({ string, fret }) => `${fret}.${string}`).join(' ')}).8`;
    });
    return `${bar === 0 ? '\\ts (4 4) \\ks Cmajor ' : ''}${eighths.join(' ')} |`;
  });
  const syncs = bars.map((_, bar) => `\\sync ${bar} 0 ${bar * SECONDS_PER_BAR * 1000}`);
  const head = ['\\title "Long"', '\\tempo 120', '\\track "Guitar"', '\\staff {score tabs}'];
  const guitar = ['\\tuning (E4 B3 G3 D3 A2 E2)', '\\capo 0', '\\instrument 25'];
  return [...head, ...guitar, ...bars, '.', ...syncs, ''].join('\n');
}

/** The long song instead of the real one; what the service would have answered. */
export async function answerLong(
  page: Page,
  service: string,
  id: string,
): Promise<{ revision: number; tab: Record<string, unknown> }> {
  const result = await (await fetch(`${service}/api/v1/transcribe/${id}/result`)).json();
  await page.route('**/result', (route) => route.fulfill({ json: { ...result, tab: longTab(result.tab) } }));
  await page.route('**/files/alphatex*', (route) => route.fulfill({ body: longAlphaTex() }));
  await page.route('**/audio', (route) => route.fulfill({ body: longRecording(), contentType: 'audio/wav' }));
  return result;
}

/** Ten minutes of quiet noise as WAV, 8 bit. */
export function longRecording(): Buffer {
  const samples = SECONDS * SAMPLE_RATE;
  const wave = Buffer.alloc(44 + samples, 128);
  wave.write('RIFF', 0);
  wave.writeUInt32LE(36 + samples, 4);
  wave.write('WAVEfmt ', 8);
  wave.writeUInt32LE(16, 16);
  wave.writeUInt16LE(1, 20);
  wave.writeUInt16LE(1, 22);
  wave.writeUInt32LE(SAMPLE_RATE, 24);
  wave.writeUInt32LE(SAMPLE_RATE, 28);
  wave.writeUInt16LE(1, 32);
  wave.writeUInt16LE(8, 34);
  wave.write('data', 36);
  wave.writeUInt32LE(samples, 40);
  for (let index = 44; index < wave.length; index++) wave[index] = 128 + ((index * 7919) % 61) - 30;
  return wave;
}
