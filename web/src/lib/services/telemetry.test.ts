import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Telemetry } from './telemetry.svelte';

const init = vi.hoisted(() => vi.fn());
vi.mock('@sentry/browser', () => ({ init }));

const nothing = { analytics_id: null, sentry_dsn: null, release: '1.0', environment: 'test' };
const measured = { ...nothing, analytics_id: 'G-TEST1234' };
const scripts = () => [...document.head.querySelectorAll('script')].map(({ src }) => src);
const commands = () =>
  ((window as { dataLayer?: ArrayLike<unknown>[] }).dataLayer ?? []).map((one) => [...Array.from(one)]);

beforeEach(() => {
  localStorage.clear();
  document.head.replaceChildren();
  delete (window as { dataLayer?: unknown }).dataLayer;
  init.mockClear();
});

describe('visits', () => {
  it('are not counted, nor asked about, where it is not set up', async () => {
    localStorage.setItem('genesis.consent', 'yes');
    const telemetry = new Telemetry();
    await telemetry.start(nothing);
    expect(telemetry.mustAsk).toBe(false);
    expect(scripts()).toEqual([]);
  });
  it('are not counted before the answer', async () => {
    const telemetry = new Telemetry();
    await telemetry.start(measured);
    telemetry.visited('/');
    expect(telemetry.mustAsk).toBe(true);
    expect(scripts()).toEqual([]);
    expect(commands()).toEqual([]);
  });
  it('are not counted after a no, which is remembered', async () => {
    const telemetry = new Telemetry();
    await telemetry.start(measured);
    telemetry.answer('no');
    const later = new Telemetry();
    await later.start(measured);
    expect([telemetry.mustAsk, later.mustAsk]).toEqual([false, false]);
    expect(scripts()).toEqual([]);
  });
  it('are counted after a yes, once, and later without asking', async () => {
    const telemetry = new Telemetry();
    await telemetry.start(measured);
    telemetry.answer('yes');
    telemetry.answer('yes');
    expect(scripts()).toEqual(['https://www.googletagmanager.com/gtag/js?id=G-TEST1234']);
    document.head.replaceChildren();
    const later = new Telemetry();
    await later.start(measured);
    expect(later.mustAsk).toBe(false);
    expect(scripts()).toHaveLength(1);
  });
  it('tell which kind of page was looked at, never its address', async () => {
    localStorage.setItem('genesis.consent', 'yes');
    history.replaceState(null, '', '/shared/gm_share_secret');
    const telemetry = new Telemetry();
    await telemetry.start(measured);
    telemetry.visited('/shared/[token]');
    expect(JSON.stringify(commands())).toContain('/shared/[token]');
    expect(JSON.stringify(commands())).not.toContain('gm_share_secret');
  });
});

describe('errors', () => {
  it('are not reported where it is not set up', async () => {
    await new Telemetry().start(measured);
    expect(init).not.toHaveBeenCalled();
  });
  it('are reported with the release and without who or where', async () => {
    await new Telemetry().start({ ...nothing, sentry_dsn: 'https://key@sentry.example/1' });
    const options = init.mock.calls[0]?.[0];
    expect(options).toMatchObject({ release: '1.0', environment: 'test', maxBreadcrumbs: 0 });
    const event = { message: 'oh', user: { id: 1 }, request: { url: '/shared/secret' } };
    expect(options.beforeSend(event)).toEqual({ message: 'oh' });
  });
});
