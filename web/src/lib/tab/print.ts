/** The whole tab for A4 paper, black on white, drawn at once and in this thread: a print does not wait. */
import { printInk } from './colours';
import { NoteMap } from './noteMap';
import {
  applyFonts,
  applyLook,
  hiddenElements,
  readScore,
  styleNotes,
  styleStaves,
  type AlphaTab,
  type Content,
  type Staves,
} from './sheet';
import { reworded } from './wording';

/** A4 without its margins, at the 96 dots per inch of CSS. */
const WIDTH_PX = 690;
const ZOOM = 0.85;
/** The margins are the paper's. */
const PADDING_PX = [2, 8];

/** The drawing of each line of music, as SVG. */
export function printedLines(
  alphaTab: AlphaTab,
  content: Content,
  shown: { staves: Staves; minConfidence: number },
): string[] {
  const settings = new alphaTab.Settings();
  const look = { ...shown, zoom: ZOOM, layout: 'page' as const, ink: printInk() };
  applyFonts(alphaTab, settings);
  applyLook(alphaTab, settings, look);
  settings.display.padding = PADDING_PX;
  settings.notation.elements = hiddenElements(alphaTab);
  const score = readScore(alphaTab, content.alphaTex, settings);
  styleStaves(score, look.staves);
  styleNotes(alphaTab, new NoteMap(content.tab, score), look);
  const renderer = new alphaTab.rendering.ScoreRenderer(settings);
  const lines: string[] = [];
  renderer.partialRenderFinished.on(({ renderResult }) =>
    lines.push(reworded(renderResult as string, content.tab)),
  );
  renderer.partialLayoutFinished.on(({ id }) => renderer.renderResult(id));
  renderer.width = WIDTH_PX;
  renderer.renderScore(score, [content.trackIndex]);
  renderer.destroy();
  return lines;
}
