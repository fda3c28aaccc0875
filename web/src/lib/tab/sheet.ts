/**
 * The drawn tab: alphaTab with the settings of this page. Layout and drawing happen in a worker, and only what is
 * near the screen is drawn. alphaTab's own cursor, clicks and scrolling are off: the page leads these itself.
 */
import type { AlphaTabApi, json, model, NotationElement } from '@coderline/alphatab';
import type { Tab } from '$lib/services/api';
import type { Ink } from './colours';
import { Geometry } from './geometry';
import { NoteMap } from './noteMap';
import { fraction } from './timing';

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
}

/** Less sure notes are lighter. */
const DOUBTFUL = 0.75;
const FAMILY = 'Inter Variable, sans-serif';

export class Sheet {
  readonly api: AlphaTabApi;
  #notes: NoteMap | null = null;
  #content: Content | null = null;
  #score: model.Score | null = null;

  constructor(
    private readonly alphaTab: AlphaTab,
    element: HTMLElement,
    private readonly drawn: (drawing: Drawing) => void,
  ) {
    this.api = new alphaTab.AlphaTabApi(element, screenSettings(alphaTab));
    this.api.postRenderFinished.on(() => this.#measured());
  }

  /** Draw; only parses what changed. Throws when the alphaTex cannot be read. */
  show(content: Content, look: Look): void {
    if (content.alphaTex !== this.#content?.alphaTex || content.tab !== this.#content.tab)
      this.#read(content);
    this.#content = content;
    const score = this.#score as model.Score;
    styleStaves(score, look.staves);
    styleNotes(this.alphaTab, this.#notes as NoteMap, look);
    applyLook(this.alphaTab, this.api.settings, look);
    this.api.updateSettings();
    this.api.renderScore(score, [content.trackIndex]);
  }

  #read({ alphaTex, tab }: Content): void {
    this.#score = readScore(this.alphaTab, alphaTex, this.api.settings);
    this.#notes = new NoteMap(tab, this.#score);
  }

  #measured(): void {
    const lookup = this.api.boundsLookup;
    const measures = this.#content?.tab.measures;
    if (!lookup || !measures || !this.#notes) return;
    const geometry = new Geometry(lookup, (index) => fraction(measures[index]?.length ?? [4, 1]));
    this.drawn({ geometry, notes: this.#notes });
  }

  destroy(): void {
    this.api.destroy();
  }
}

export function readScore(
  { importer }: AlphaTab,
  alphaTex: string,
  settings: AlphaTabApi['settings'],
): model.Score {
  const reader = new importer.AlphaTexImporter();
  reader.initFromString(alphaTex, settings);
  return reader.readScore();
}

function screenSettings(alphaTab: AlphaTab): json.SettingsJson {
  const { PlayerMode, ScrollMode } = alphaTab;
  return {
    core: { fontDirectory: '/alphatab/font/', includeNoteBounds: true, enableLazyLoading: true },
    player: {
      playerMode: PlayerMode.Disabled,
      soundFont: '/alphatab/soundfont/sonivox.sf3',
      enableCursor: false,
      enableUserInteraction: false,
      scrollMode: ScrollMode.Off,
    },
    display: { padding: [0, 20, 0, 24] },
    notation: { elements: hiddenElements(alphaTab) },
  };
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

/** Settings that the user changes. */
export function applyLook(alphaTab: AlphaTab, settings: AlphaTabApi['settings'], look: Look): void {
  const { Color, Font, FontWeight, FontStyle } = alphaTab.model;
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
  const font = (size: number, weight = FontWeight.Regular) => new Font(FAMILY, size, FontStyle.Plain, weight);
  for (const [element, { size, weight }] of resources.elementFonts) {
    resources.elementFonts.set(element, font(Math.min(size, 12), weight));
  }
  resources.elementFonts.set(alphaTab.NotationElement.EffectChordNames, font(14, FontWeight.Bold));
  resources.tablatureFont = font(13, FontWeight.Bold);
  resources.effectFont = font(12);
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
  for (const [head, { confidence }] of notes.pairs()) {
    const colour = confidence < look.minConfidence ? unseen : confidence < DOUBTFUL ? lighter : null;
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
