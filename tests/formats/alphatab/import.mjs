// Imports a score file with alphaTab and prints what it understood as JSON.
// Usage: node import.mjs FILE
import { readFileSync } from "node:fs";
import * as alphaTab from "@coderline/alphatab";

const file = process.argv[2];
const settings = new alphaTab.Settings();
settings.importer.encoding = file.endsWith(".gp5") ? "windows-1252" : "utf-8";
const bytes = new Uint8Array(readFileSync(file));
alphaTab.Logger.logLevel = alphaTab.LogLevel.None;

function load() {
  if (!file.endsWith(".alphatex")) {
    return alphaTab.importer.ScoreLoader.loadScoreFromBytes(bytes, settings);
  }
  const importer = new alphaTab.importer.AlphaTexImporter();
  importer.initFromString(new TextDecoder().decode(bytes), settings);
  return importer.readScore();
}

function describeNote(note) {
  return {
    string: note.beat.voice.bar.staff.tuning.length - note.string + 1,
    fret: note.fret,
    pitch: note.realValue,
    tied: note.isTieDestination,
    dead: note.isDead,
    hammer: note.isHammerPullOrigin,
    slide: note.slideOutType !== alphaTab.model.SlideOutType.None,
    bend: note.hasBend ? note.bendPoints.map((point) => [point.offset, point.value]) : null,
    vibrato: note.vibrato !== alphaTab.model.VibratoType.None,
    palmMute: note.isPalmMute,
    letRing: note.isLetRing,
    harmonic: note.isHarmonic,
  };
}

function describeBar(bar) {
  return bar.voices.flatMap((voice) => (voice.isEmpty ? [] : voice.beats)).map((beat) => ({
    start: beat.displayStart,
    ticks: beat.displayDuration,
    rest: beat.isRest,
    chord: beat.chord ? beat.chord.name : null,
    text: beat.text,
    notes: beat.notes.map(describeNote),
  }));
}

const score = load();
console.log(
  JSON.stringify({
    title: score.title,
    tempo: score.tempo,
    bars: score.masterBars.map((bar) => ({
      signature: [bar.timeSignatureNumerator, bar.timeSignatureDenominator],
      pickup: bar.isAnacrusis,
      section: bar.section ? bar.section.text || bar.section.marker : null,
      tempo: bar.tempoAutomations.map((automation) => automation.value),
      sync: (bar.syncPoints ?? []).map((point) => point.syncPointValue.millisecondOffset),
    })),
    tracks: score.tracks.map((track) => {
      const staff = track.staves.find((candidate) => candidate.tuning.length > 0) ?? track.staves[0];
      return {
        name: track.name,
        program: track.playbackInfo.program,
        tuning: staff.tuning,
        capo: staff.capo,
        bars: staff.bars.map(describeBar),
      };
    }),
  }),
);
