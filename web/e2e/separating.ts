/** A service that takes bands apart with a tiny model of its own making: what it finds is noise, as long as the song. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY, Service } from './service';

/** Where PyTorch keeps what it has fetched, and the file of the model that the service asks for. */
const KEPT = 'hub/checkpoints';
const MODEL = '5c90dfd2-34c22ccb.th';
const MAKE = [
  'import sys',
  'from pathlib import Path',
  'from tests.separation.models import SIX, save_model',
  'save_model(Path(sys.argv[1]), SIX)',
].join('\n');

export class SeparatingService {
  private constructor(
    readonly service: Service,
    private readonly models: string,
  ) {}

  static async start(): Promise<SeparatingService> {
    const models = mkdtempSync(join(tmpdir(), 'genesis-models-'));
    const folder = join(models, KEPT);
    mkdirSync(folder, { recursive: true });
    execFileSync(join(REPOSITORY, '.venv/bin/python'), ['-c', MAKE, folder], { cwd: REPOSITORY });
    for (const made of readdirSync(folder)) renameSync(join(folder, made), join(folder, MODEL));
    const service = await Service.start({ TORCH_HOME: models, HF_HUB_OFFLINE: '1' });
    return new SeparatingService(service, models);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    this.service.remove();
    rmSync(this.models, { recursive: true, force: true });
  }
}
