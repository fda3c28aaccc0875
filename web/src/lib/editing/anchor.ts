/** Keeps a panel beside what is selected on the tab, without hiding it. */

const GAP_PX = 14;
const EDGE_PX = 8;
/** What stays in view above a note that was scrolled to: its line of music. */
const ABOVE_PX = 120;
const SELECTED = '[data-testid="tab"] [data-testid="selected"]';
const TAB = '[data-testid="tab"]';
/** Narrower pages have the panel at the bottom, where the thumb is. */
const IN_PLACE = '(min-width: 48.01rem)';

export interface Spot {
  left: number;
  top: number;
}

/** Tell where the panel goes whenever that changes; null: at the bottom. Returns how to stop. */
export function followSelected(panel: HTMLElement, place: (spot: Spot | null) => void): () => void {
  let frame = 0;
  const isWide = matchMedia(IN_PLACE);
  const update = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => place(isWide.matches ? spotFor(panel) : null));
  };
  const observer = new MutationObserver(update);
  const tab = document.querySelector(TAB);
  if (tab) observer.observe(tab, { childList: true, subtree: true, attributeFilter: ['style'] });
  const sizes = new ResizeObserver(update);
  sizes.observe(panel);
  addEventListener('scroll', update, { capture: true, passive: true });
  addEventListener('resize', update);
  isWide.addEventListener('change', update);
  update();
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
    sizes.disconnect();
    removeEventListener('scroll', update, { capture: true });
    removeEventListener('resize', update);
    isWide.removeEventListener('change', update);
  };
}

/** Bring what is selected into view, with room for the panel beside it. */
export function showSelected(panel: HTMLElement): void {
  const selected = document.querySelector(SELECTED);
  if (!selected) return;
  const { top, bottom } = selected.getBoundingClientRect();
  const room = matchMedia(IN_PLACE).matches ? panel.offsetHeight + GAP_PX : 0;
  const floor = floorUnder(panel) - EDGE_PX;
  const fits = bottom + room <= floor || top - room >= EDGE_PX;
  if (top < EDGE_PX || bottom > floor || !fits) scrollBy({ top: top - ABOVE_PX, behavior: 'auto' });
  selected.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function spotFor(panel: HTMLElement): Spot | null {
  const boxes = [...document.querySelectorAll(SELECTED)].map((box) => box.getBoundingClientRect());
  if (boxes.length === 0) return null;
  const top = Math.min(...boxes.map((box) => box.top));
  const bottom = Math.max(...boxes.map((box) => box.bottom));
  const middle = (Math.min(...boxes.map((box) => box.left)) + Math.max(...boxes.map((box) => box.right))) / 2;
  return spotBeside({ top, bottom, middle }, panel.getBoundingClientRect(), {
    width: document.documentElement.clientWidth,
    height: floorUnder(panel),
  });
}

/** Where the page ends for what floats over the tab: at what is docked below it, which the panel is a part of. */
function floorUnder(panel: HTMLElement): number {
  return panel.parentElement?.getBoundingClientRect().top ?? innerHeight;
}

/** Below what is selected if there is room, else above it, else where it fits. */
export function spotBeside(
  selected: { top: number; bottom: number; middle: number },
  panel: { width: number; height: number },
  page: { width: number; height: number },
): Spot {
  const left = clamp(selected.middle - panel.width / 2, EDGE_PX, page.width - panel.width - EDGE_PX);
  const below = selected.bottom + GAP_PX;
  const above = selected.top - GAP_PX - panel.height;
  if (below + panel.height + EDGE_PX <= page.height) return { left, top: below };
  if (above >= EDGE_PX) return { left, top: above };
  return { left, top: clamp(below, EDGE_PX, page.height - panel.height - EDGE_PX) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(Math.min(value, high), low);
}
