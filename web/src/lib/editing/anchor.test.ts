import { expect, test } from 'vitest';
import { spotBeside } from './anchor';

const PAGE = { width: 1280, height: 620 };
const PANEL = { width: 672, height: 300 };

test('the tools are below the note, in its middle', () => {
  expect(spotBeside({ top: 100, bottom: 120, middle: 640 }, PANEL, PAGE)).toEqual({ left: 304, top: 134 });
});

test('the tools are above a note far down, and do not leave the page at its edge', () => {
  expect(spotBeside({ top: 500, bottom: 520, middle: 20 }, PANEL, PAGE)).toEqual({ left: 8, top: 186 });
});

test('where there is no room, the tools still fit on the page', () => {
  expect(spotBeside({ top: 250, bottom: 400, middle: 640 }, PANEL, PAGE).top).toBe(312);
});
