/**
 * The drawn tab: alphaTab with the settings of this page. Layout and drawing happen in a worker, and only what is
 * near the screen is drawn. alphaTab's own cursor, clicks and scrolling are off: the page leads these itself.
 */
import type { AlphaTabApi, model, NotationElement, rendering, Settings } from '@coderline/alphatab';
import type { Tab } from '$lib/services/api';
import { isDoubtful } from '$lib/editing/selecting';
import { breathe } from '$lib/services/painted';
import type { Ink } from './colours';
import { firstChangedBar } from './changes';
import { firstBars } from './excerpt';
import { Geometry } from './geometry';
import { NoteMap } from './noteMap';
import { fraction } from './timing';
import { reworded } from './wording';

export type AlphaTab = typeof import('@coderline/alphatab');
/** On its way as soon as anything of the result page is loaded. */
export const alphaTabLoaded: Promise<AlphaTab> = import('@coderline/alphatab');

export type Staves = 'tab' | 'standard' | 'both';

export interface Look {
  staves: Staves;
  zoom: number;
  layout: 'page' | 'line';
  ink: Ink;
  /** Less sure notes are not shown. */
  minConfidence: number;
}

export interface Content {
  alphaTex: string;
  tab: Tab;
  trackIndex: number;
}

/** What is on the page, and where. */
export interface Drawing {
  geometry: Geometry;
  notes: NoteMap;
  /** What was drawn. */
  tab: Tab;
  /** False while only the opening is there. */
  isWhole: boolean;
}

/** Drawn before the rest of a long song: two or three lines are there soonest. */
const OPENING_BARS = 8;
const LONGEST_WAIT_MS = 1000;
/** Room for the letters of sections, which stand above the chords. */
const SECTION_PX = 10;
const FAMILY = 'Inter Variable, sans-serif';

export class Sheet {
  /** To be put on the page; drawn as wide as it is there. */
  readonly element = document.createElement('div');
  readonly api: AlphaTabApi;
  /** Called whenever what is on the page has changed. */
  ondrawn: (drawing: Drawing) => void = () => undefined;
  static #spare: Promise<Sheet> | null = null;
  #notes: NoteMap | null = null;
  #asked: { content: Content; look: Look } | null = null;
  #content: Content | null = null;
  #look: Look | null = null;
  #score: model.Score | null = null;
  /** Draws the whole song once its opening is seen. */
  #rest: (() => void) | null = null;
  #isWhole = false;

  /** Make one ahead, with its worker and fonts, while the page still waits for the song. */
  static prepare(): void {
    Sheet.#spare ??= Sheet.#make();
  }

  static take(): Promise<Sheet> {
    const made = Sheet.#spare ?? Sheet.#make();
    Sheet.#spare = null;
    return made;
  }

  static async #make(): Promise<Sheet> {
    const alphaTab = await alphaTabLoaded;
    await breathe();
    const settings = screenSettings(alphaTab);
    await breathe();
    const made = new Sheet(alphaTab, settings);
    await breathe();
    return made;
  }

  private constructor(
    readonly alphaTab: AlphaTab,
    settings: Settings,
  ) {
    this.api = new alphaTab.AlphaTabApi(this.element, settings);
    // alphaTab writes the MIDI of every score it draws, player or not: only the synthesiser needs it.
    this.api.loadMidiForScore = () => undefined;
    this.#reword();
    this.api.postRenderFinished.on(() => this.#measured());
    this.api.renderer.partialRenderFinished.on(() => this.#seen());
  }

  /** Each piece of the drawing on its way to the page. */
  #reword(): void {
    const { uiFacade } = this.api;
    const update = uiFacade.beginUpdateRenderResults.bind(uiFacade);
    uiFacade.beginUpdateRenderResults = (result) => {
      const { renderResult } = result;
      if (typeof renderResult === 'string' && this.#content)
        result.renderResult = reworded(renderResult, this.#content.tab);
      update(result);
    };
  }

  /** From now on scores are made ready to be played too. */
  enableMidi(): void {
    this.api.loadMidiForScore = this.alphaTab.AlphaTabApi.prototype.loadMidiForScore;
    this.api.loadMidiForScore();
  }

  /** Draw; of a long song the opening first. Rejects when the alphaTex cannot be read. */
  async show(content: Content, look: Look): Promise<void> {
    const opening = this.#content ? null : firstBars(content.alphaTex, OPENING_BARS);
    this.#isWhole = opening === null;
    this.#rest = opening === null ? null : () => this.#drawWhole(content, look);
    await this.#draw(opening === null ? content : { ...content, alphaTex: opening }, look);
  }

  #drawWhole(content: Content, look: Look): void {
    if (this.#isWhole) return;
    this.#isWhole = true;
    void this.#draw(content, look);
  }

  /** Only what changed is read and drawn anew, and only what was asked for last. */
  async #draw(content: Content, look: Look): Promise<void> {
    const asked = (this.#asked = { content, look });
    const before = this.#content;
    const isKnown = content.alphaTex === before?.alphaTex && content.tab === before.tab;
    if (!isKnown) {
      const score = readScore(this.alphaTab, content.alphaTex, this.api.settings);
      await breathe();
      const notes = new NoteMap(content.tab, score);
      await breathe();
      if (this.#asked !== asked) return;
      this.#score = score;
      this.#notes = notes;
    }
    const looksSame = before?.trackIndex === content.trackIndex && sameLook(this.#look, look);
    const changed = before && looksSame && !isKnown ? firstChangedBar(before, content) : null;
    this.#content = content;
    this.#style(look, looksSame);
    this.api.renderScore(this.#score as model.Score, [content.trackIndex], {
      reuseViewport: true,
      ...(changed !== null && { firstChangedMasterBar: changed }),
    });
  }

  #style(look: Look, looksSame: boolean): void {
    const score = this.#score as model.Score;
    styleStaves(score, look.staves);
    styleNotes(this.alphaTab, this.#notes as NoteMap, look);
    if (looksSame) return;
    this.#look = look;
    applyLook(this.alphaTab, this.api.settings, look);
    this.api.updateSettings();
  }

  #measured(): void {
    const lookup = this.api.boundsLookup;
    const tab = this.#content?.tab;
    if (!lookup || !tab || !this.#notes || !isOfThisScore(lookup)) return;
    const geometry = new Geometry(lookup, (index) => fraction(tab.measures[index]?.length ?? [4, 1]));
    this.ondrawn({ geometry, notes: this.#notes, tab, isWhole: this.#isWhole });
  }

  /** Lines of music are on the page: time for those that are not. */
  #seen(): void {
    const rest = this.#rest;
    this.#rest = null;
    if (rest) whenIdle(rest);
  }

  destroy(): void {
    this.#asked = null;
    this.api.destroy();
    this.element.remove();
  }
}

/** What was drawn of an earlier score, measured after this one was shown, names notes that are no longer there. */
function isOfThisScore({ staffSystems }: rendering.BoundsLookup): boolean {
  const beats = staffSystems.flatMap(({ bars }) =>
    bars.flatMap(({ bars }) => bars.flatMap(({ beats }) => beats)),
  );
  return beats.every(({ beat, notes }) => beat && (notes ?? []).every(({ note }) => note));
}

function sameLook(before: Look | null, look: Look): boolean {
  return (Object.keys(look) as (keyof Look)[]).every((name) => before?.[name] === look[name]);
}

/** After the next frame is on the screen, and once nothing else is to be done (Safari cannot tell). */
function whenIdle(then: () => void): void {
  requestAnimationFrame(() => {
    if ('requestIdleCallback' in window) requestIdleCallback(then, { timeout: LONGEST_WAIT_MS });
    else setTimeout(then);
  });
}

export function readScore({ importer }: AlphaTab, alphaTex: string, settings: Settings): model.Score {
  const reader = new importer.AlphaTexImporter();
  reader.initFromString(alphaTex, settings);
  return reader.readScore();
}

function screenSettings(alphaTab: AlphaTab): Settings {
  const settings = new alphaTab.Settings();
  const { core, player, display, notation } = settings;
  core.fontDirectory = '/alphatab/font/';
  core.includeNoteBounds = true;
  core.enableLazyLoading = true;
  player.playerMode = alphaTab.PlayerMode.Disabled;
  player.soundFont = null; // the synthesiser fetches it when it is wanted
  player.enableCursor = false;
  player.enableUserInteraction = false;
  player.scrollMode = alphaTab.ScrollMode.Off;
  display.padding = [0, 20, 0, 24];
  display.firstSystemPaddingTop += SECTION_PX;
  display.systemPaddingTop += SECTION_PX;
  display.effectBandPaddingBottom = 6;
  notation.elements = hiddenElements(alphaTab);
  applyFonts(alphaTab, settings);
  return settings;
}

/** What the page says itself, around the tab. */
export function hiddenElements({ NotationElement: Element }: AlphaTab): Map<NotationElement, boolean> {
  return new Map(
    [
      Element.ScoreTitle,
      Element.GuitarTuning,
      Element.TrackNames,
      Element.ChordDiagrams,
      Element.EffectTempo,
      Element.EffectCapo,
      Element.EffectDynamics,
      Element.EffectMarker,
    ].map((element) => [element, false]),
  );
}

/** The fonts of the page; before anything is drawn, as alphaTab waits for all that are named. */
export function applyFonts(alphaTab: AlphaTab, settings: Settings): void {
  const { Font, FontWeight, FontStyle } = alphaTab.model;
  const { resources } = settings.display;
  const font = (size: number, weight = FontWeight.Regular) => new Font(FAMILY, size, FontStyle.Plain, weight);
  for (const [element, { size, weight }] of resources.elementFonts) {
    resources.elementFonts.set(element, font(Math.min(size, 12), weight));
  }
  resources.elementFonts.set(alphaTab.NotationElement.EffectChordNames, font(14, FontWeight.Bold));
  resources.tablatureFont = font(13, FontWeight.Bold);
  resources.effectFont = font(12);
}

/** Settings that the user changes. */
export function applyLook(alphaTab: AlphaTab, settings: Settings, look: Look): void {
  const { Color } = alphaTab.model;
  const { display } = settings;
  const { resources } = display;
  display.scale = look.zoom;
  display.layoutMode = look.layout === 'page' ? alphaTab.LayoutMode.Page : alphaTab.LayoutMode.Horizontal;
  const colour = (value: string) => Color.fromJson(value) as model.Color;
  resources.staffLineColor = colour(look.ink.line);
  resources.barSeparatorColor = colour(look.ink.line);
  resources.barNumberColor = colour(look.ink.muted);
  resources.mainGlyphColor = colour(look.ink.ink);
  resources.secondaryGlyphColor = colour(look.ink.muted);
  resources.scoreInfoColor = colour(look.ink.ink);
}

export function styleStaves(score: model.Score, staves: Staves): void {
  for (const staff of score.tracks.flatMap((track) => track.staves)) {
    staff.showTablature = staves !== 'standard';
    staff.showStandardNotation = staves !== 'tab';
  }
}

/** Doubtful notes are lighter; those below the limit are not seen. */
export function styleNotes({ model }: AlphaTab, notes: NoteMap, look: Look): void {
  const { NoteSubElement: Part } = model;
  const lighter = model.Color.fromJson(look.ink.muted) as model.Color;
  const unseen = new model.Color(0, 0, 0, 0);
  for (const [head, note] of notes.pairs()) {
    const colour = note.confidence < look.minConfidence ? unseen : isDoubtful(note) ? lighter : null;
    if (!colour) {
      delete head.style;
      continue;
    }
    head.style = new model.NoteStyle();
    for (const part of [
      Part.StandardNotationNoteHead,
      Part.GuitarTabFretNumber,
      Part.StandardNotationAccidentals,
    ]) {
      head.style.colors.set(part, colour);
    }
  }
}
