/**
 * What is told to others about the use of the page: nothing, unless whoever runs the service has set it up. Visits
 * are counted (Google Analytics) only after the user agreed; errors are reported (Sentry) without anything personal.
 * Neither library is loaded before that.
 */
import type { Schemas } from './api';

type Setup = Pick<Schemas['Configuration'], 'analytics_id' | 'sentry_dsn' | 'release' | 'environment'>;
type Consent = 'yes' | 'no' | null;
/** Google's queue: it tells commands from other entries by their being `arguments` objects. */
type AnalyticsWindow = Window & { dataLayer?: unknown[] };

const KEY = 'genesis.consent';
const TAG_MANAGER = 'https://www.googletagmanager.com/gtag/js';

class Telemetry {
  #setup: Setup | null = $state.raw(null);
  #consent = $state<Consent>(remembered());
  #loaded = false;

  /** Whether there is something to agree to. */
  get isOffered(): boolean {
    return Boolean(this.#setup?.analytics_id);
  }

  get consent(): Consent {
    return this.#consent;
  }

  /** Whether to ask: it is set up, and nobody has answered yet. */
  get mustAsk(): boolean {
    return this.isOffered && this.#consent === null;
  }

  async start(setup: Setup): Promise<void> {
    this.#setup = setup;
    this.#count();
    if (setup.sentry_dsn) await reportErrors(setup);
  }

  /** Keep the answer. To stop counting, what was loaded goes with the page. */
  answer(consent: 'yes' | 'no'): void {
    this.#consent = consent;
    localStorage.setItem(KEY, consent);
    if (consent === 'yes') this.#count();
    else if (this.#loaded) {
      forgetVisitor();
      location.reload();
    }
  }

  /** A page was looked at. Only which kind of page is told: addresses hold ids and tokens. */
  visited(route: string): void {
    if (this.#loaded)
      tell('event', 'page_view', { page_location: location.origin + route, page_title: route });
  }

  #count(): void {
    const id = this.#setup?.analytics_id;
    if (!id || this.#consent !== 'yes' || this.#loaded) return;
    this.#loaded = true;
    tell('js', new Date());
    tell('config', id, {
      send_page_view: false,
      page_location: location.origin,
      page_referrer: '',
      allow_google_signals: false,
      allow_ad_personalization_signals: false,
    });
    const script = document.createElement('script');
    script.async = true;
    script.src = `${TAG_MANAGER}?id=${encodeURIComponent(id)}`;
    document.head.append(script);
  }
}

/** An earlier answer; browsers can say no for all pages. */
function remembered(): Consent {
  const kept = localStorage.getItem(KEY);
  if (kept === 'yes' || kept === 'no') return kept;
  return 'globalPrivacyControl' in navigator && navigator.globalPrivacyControl === true ? 'no' : null;
}

function tell(...command: unknown[]): void {
  const page = window as AnalyticsWindow;
  page.dataLayer ??= [];
  page.dataLayer.push(argumentsOf(...command));
}

/** An array would be ignored. */
const argumentsOf: (...command: unknown[]) => IArguments = function () {
  // eslint-disable-next-line prefer-rest-params
  return arguments;
};

function forgetVisitor(): void {
  for (const cookie of document.cookie.split('; ')) {
    const name = cookie.split('=')[0] ?? '';
    if (name.startsWith('_ga')) document.cookie = `${name}=; path=/; max-age=0`;
  }
}

async function reportErrors({ sentry_dsn, release, environment }: Setup): Promise<void> {
  const { init } = await import('@sentry/browser');
  init({
    dsn: sentry_dsn ?? '',
    release,
    environment,
    dataCollection: {
      userInfo: false,
      cookies: false,
      httpHeaders: false,
      httpBodies: [],
      urlQueryParams: false,
    },
    // What was clicked and asked for before would tell who did what.
    maxBreadcrumbs: 0,
    beforeSend: (event) => {
      delete event.user;
      delete event.request;
      return event;
    },
  });
}

export const telemetry = new Telemetry();
export { Telemetry };
