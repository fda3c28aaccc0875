import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import Fretboard from './Fretboard.svelte';

const props = {
  label: 'Places',
  tuning: [64, 59, 55, 50, 45, 40],
  from: 0,
  to: 5,
  marks: [{ string: 2, fret: 1, label: 'C', tone: 'now' as const }],
};

describe('a fretboard', () => {
  it('that only shows something is a picture with a name', () => {
    render(Fretboard, props);
    expect(screen.getByRole('group', { name: 'Places' })).toBeTruthy();
    expect(screen.queryByRole('grid')).toBeNull();
  });
  it('to choose on tells every place, and which one is the present one', () => {
    render(Fretboard, { ...props, onpick: vi.fn() });
    expect(screen.getAllByRole('gridcell')).toHaveLength(36);
    expect(screen.getByRole('gridcell', { name: 'String 2, fret 1, C' }).getAttribute('aria-selected')).toBe(
      'true',
    );
  });
  it('is chosen on with the pointer', async () => {
    const onpick = vi.fn();
    render(Fretboard, { ...props, onpick });
    await userEvent.click(screen.getByRole('gridcell', { name: 'String 6, fret 3, G' }));
    expect(onpick).toHaveBeenCalledWith({ string: 6, fret: 3 });
  });
  it('is chosen on with the arrows and Enter, from the present place', async () => {
    const onpick = vi.fn();
    render(Fretboard, { ...props, onpick });
    await userEvent.tab();
    await userEvent.keyboard('{ArrowDown}{ArrowRight}{Enter}');
    expect(onpick).toHaveBeenCalledWith({ string: 3, fret: 2 });
  });
  it('does not leave its edges', async () => {
    const onpick = vi.fn();
    render(Fretboard, { ...props, marks: [], onpick });
    await userEvent.tab();
    await userEvent.keyboard('{ArrowUp}{ArrowLeft}{Enter}');
    expect(onpick).toHaveBeenCalledWith({ string: 1, fret: 0 });
  });
});
