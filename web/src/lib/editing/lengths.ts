/** Written lengths: exact fractions of a quarter note, and the steps a player would take between them. */

export type Quarters = [number, number];

const SHORTEST = 1 / 16;
const LONGEST = 4;

export function valueOf([numerator, denominator]: readonly number[]): number {
  return (numerator ?? 0) / (denominator ?? 1);
}

export function times(length: readonly number[], numerator: number, denominator: number): Quarters {
  return reduced((length[0] ?? 0) * numerator, (length[1] ?? 1) * denominator);
}

export function plus(a: readonly number[], b: readonly number[]): Quarters {
  const [an = 0, ad = 1] = a;
  const [bn = 0, bd = 1] = b;
  return reduced(an * bd + bn * ad, ad * bd);
}

function reduced(numerator: number, denominator: number): Quarters {
  const divisor = greatestCommonDivisor(Math.abs(numerator), denominator);
  return [numerator / divisor, denominator / divisor];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export function isTriplet(length: readonly number[]): boolean {
  return (length[1] ?? 1) % 3 === 0;
}

export function isDotted(length: readonly number[]): boolean {
  const [numerator = 0, denominator = 1] = length;
  return !isTriplet(length) && numerator % 3 === 0 && isPowerOfTwo(numerator / 3 / denominator);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

/** The next longer note value; triplets stay triplets. */
export function longer(length: readonly number[]): Quarters {
  if (isTriplet(length)) return bounded(times(length, 2, 1), length);
  return bounded(powerOfTwo(Math.floor(Math.log2(valueOf(length))) + 1), length);
}

/** The next shorter note value; triplets stay triplets. */
export function shorter(length: readonly number[]): Quarters {
  if (isTriplet(length)) return bounded(times(length, 1, 2), length);
  return bounded(powerOfTwo(Math.ceil(Math.log2(valueOf(length))) - 1), length);
}

function powerOfTwo(exponent: number): Quarters {
  return exponent >= 0 ? [2 ** exponent, 1] : [1, 2 ** -exponent];
}

function bounded(wanted: Quarters, present: readonly number[]): Quarters {
  const value = valueOf(wanted);
  return value >= SHORTEST && value <= LONGEST ? wanted : times(present, 1, 1);
}

/** With a dot, or without the one it has. */
export function dotted(length: readonly number[]): Quarters {
  if (isDotted(length)) return times(length, 2, 3);
  return times(isTriplet(length) ? times(length, 3, 2) : length, 3, 2);
}

/** As one of three in the time of two, or as it was before. */
export function triplet(length: readonly number[]): Quarters {
  if (isTriplet(length)) return times(length, 3, 2);
  return times(isDotted(length) ? times(length, 2, 3) : length, 2, 3);
}
