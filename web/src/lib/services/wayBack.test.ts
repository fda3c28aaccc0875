import { describe, expect, it } from 'vitest';
import { isPublic, wayBack, withWayBack } from './wayBack';

const to = (value: string) => wayBack(new URLSearchParams({ to: value }));

describe('after signing in', () => {
  it('one is where one came from, with what was asked for there', () => {
    const address = withWayBack('/sign-in', '/t/1?bar=3');
    expect(wayBack(new URL(address, 'https://genesis.example').searchParams)).toBe('/t/1?bar=3');
  });
  it('one is at home when one came from nowhere', () => {
    expect(withWayBack('/sign-in', '/')).toBe('/sign-in');
    expect(wayBack(new URLSearchParams())).toBe('/');
  });
  it.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'a link to %s leads nowhere else',
    (address) => expect(to(address)).toBe('/'),
  );
});

it('songs of one’s own ask to sign in, shared ones do not', () => {
  expect(['/t/1', '/library', '/profile', '/transcribe'].map(isPublic)).not.toContain(true);
  expect(['/', '/shared/gm_share_1', '/reset-password'].map(isPublic)).not.toContain(false);
});
