/** The theme's colours for what is drawn outside of CSS. alphaTab only knows `#rrggbb`; the tokens are oklch. */

export interface Ink {
  ink: string;
  muted: string;
  line: string;
  accent: string;
}

const BLACK_ON_WHITE: Ink = { ink: '#000000', muted: '#555555', line: '#888888', accent: '#000000' };

/** As shown now. */
export function themeInk(): Ink {
  return {
    ink: token('--ink'),
    muted: token('--muted'),
    line: token('--control-line'),
    accent: token('--accent'),
  };
}

/** On paper. */
export function printInk(): Ink {
  return BLACK_ON_WHITE;
}

/** A colour token as `#rrggbb`. */
export function token(name: string): string {
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  if (!context) throw new Error('This browser cannot draw.');
  context.fillStyle = resolved(name);
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Its colour in the theme that is shown; the token itself holds both. */
function resolved(name: string): string {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Call `changed` whenever another theme is shown; returns how to stop. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    dark.removeEventListener('change', changed);
  };
}
