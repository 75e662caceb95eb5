import type { RunConfig } from '../../shared/runConfig.ts';

type Schedule = RunConfig['schedule'];

/**
 * Learning rates as PyTorch's schedulers give them. They are recursive: each rate follows from the previous one, which
 * matters after a warm-up has changed it. So rates are computed from step 1 (in microseconds) and not saved.
 *
 * Sources: torch.optim.lr_scheduler.CosineAnnealingLR and MultiStepLR (chainable forms); warm-up as in BasicSR's
 * `update_learning_rate`: linear, `lr / warmup * step` while step < warmup.
 */
export class LearningRate {
  readonly #schedule: Schedule & { period: number };
  readonly #initial: number;
  #step = 0;
  #rate: number;

  constructor(schedule: Schedule, initial: number, steps: number) {
    this.#schedule = { ...schedule, period: schedule.period ?? steps };
    this.#initial = initial;
    this.#rate = initial;
  }

  /** The rate that step `step` uses; steps count from 1. */
  at(step: number): number {
    if (step < this.#step) {
      this.#step = 0;
      this.#rate = this.#initial;
    }
    while (this.#step < step) this.#advance();
    return this.#rate;
  }

  #advance(): void {
    this.#step += 1;
    if (this.#step > 1) this.#rate = this.#next(this.#step - 1);
    if (this.#step < this.#schedule.warmup) this.#rate = (this.#initial / this.#schedule.warmup) * this.#step;
  }

  /** `epoch` is PyTorch's `last_epoch`: how often the scheduler has been stepped. */
  #next(epoch: number): number {
    const { type, period, minimum, milestones, gamma } = this.#schedule;
    if (type === 'constant') return this.#rate;
    if (type === 'multistep') return this.#rate * gamma ** milestones.filter((milestone) => milestone === epoch).length;
    const cos = (k: number): number => Math.cos((Math.PI * k) / period);
    if ((epoch - 1 - period) % (2 * period) === 0) return this.#rate + ((this.#initial - minimum) * (1 - cos(1))) / 2;
    return ((1 + cos(epoch)) / (1 + cos(epoch - 1))) * (this.#rate - minimum) + minimum;
  }
}
