import { expect, test } from 'vitest';
import { dotted, longer, plus, shorter, triplet } from './lengths';

test.each([
  [
    [1, 1],
    [2, 1],
    [1, 2],
  ],
  [
    [1, 2],
    [1, 1],
    [1, 4],
  ],
  [
    [3, 2],
    [2, 1],
    [1, 1],
  ],
  [
    [5, 4],
    [2, 1],
    [1, 1],
  ],
  [
    [1, 3],
    [2, 3],
    [1, 6],
  ],
])('%j becomes %j when longer and %j when shorter', (length, up, down) => {
  expect(longer(length)).toEqual(up);
  expect(shorter(length)).toEqual(down);
});

test('a whole note does not become longer, a 64th not shorter', () => {
  expect(longer([4, 1])).toEqual([4, 1]);
  expect(shorter([1, 16])).toEqual([1, 16]);
});

test('a dot comes and goes, and takes the place of a triplet', () => {
  expect(dotted([1, 1])).toEqual([3, 2]);
  expect(dotted([3, 2])).toEqual([1, 1]);
  expect(dotted([1, 3])).toEqual([3, 4]);
});

test('a triplet comes and goes, and takes the place of a dot', () => {
  expect(triplet([1, 2])).toEqual([1, 3]);
  expect(triplet([1, 3])).toEqual([1, 2]);
  expect(triplet([3, 4])).toEqual([1, 3]);
});

test('lengths add up exactly', () => {
  expect(plus([1, 3], [1, 6])).toEqual([1, 2]);
});
