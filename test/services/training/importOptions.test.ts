import { describe, expect, it } from 'vitest';
import { importOptions } from '../../../src/services/training/importOptions.ts';

/** In the form of MCLIR's option file for FFA-Net. */
const ffanet = `
name: FFANet_Neg_Multi
model_type: ImageRestorationModel_FFANet_Neg_Multi
scale: 1
num_gpu: 4
manual_seed: 7
datasets:
  train:
    name: ITS
    type: PairedImageDataset
    dataroot_gt: /data/ITS/clear
    dataroot_lq: /data/ITS/hazy
    gt_size: 128
    use_hflip: true
    use_rot: false
    batch_size_per_gpu: 4
    io_backend: { type: disk }
    color_jitter: 0.2
  val:
    dataroot_gt: /data/SOTS/clear
    dataroot_lq: /data/SOTS/hazy
network_g: { type: FFANet, gps: 3, blocks: 19, extra: true }
path: { pretrain_network_g: ~, strict_load_g: true }
train:
  ema_decay: 0.999
  optim_g: { type: AdamW, lr: !!float 2e-4, weight_decay: 0, betas: [0.9, 0.9] }
  scheduler: { type: TrueCosineAnnealingLR, T_max: 100000, eta_min: !!float 1e-8 }
  total_iter: 500000
  warmup_iter: -1
  pixel_opt: { type: L1Loss, loss_weight: 1, reduction: mean }
  perceptual_opt:
    type: PerceptualLoss
    layer_weights: { relu1_2: 0.2, relu2_2: 0.3, relu3_3: 0.5 }
    vgg_type: vgg16
    perceptual_weight: 0.001
    criterion: l1
  neg_iter: [100, 200, 500, 1000]
  neg_decay: [0.1, 0.2, 0.3, 0.4]
val:
  val_freq: 5000
  save_img: false
  metrics:
    psnr: { type: calculate_psnr, crop_border: 0, test_y_channel: false }
logger: { print_freq: 100, save_checkpoint_freq: 5000 }
`;

describe('importOptions', () => {
  it("turns MCLIR's FFA-Net file into a run, and names what has no counterpart", () => {
    const { config, leftOut } = importOptions(ffanet, 'options.yml');
    expect(config).toMatchObject({
      name: 'FFANet_Neg_Multi',
      seed: 7,
      network: { type: 'ffanet', options: { gps: 3, blocks: 19 } },
      data: {
        train: { target: '/data/ITS/clear', input: '/data/ITS/hazy' },
        validation: { target: '/data/SOTS/clear', input: '/data/SOTS/hazy' },
        ...{ patch: 128, batch: 4, flip: true, rotate: false },
      },
      steps: 500000,
      optimiser: { lr: 2e-4, betas: [0.9, 0.9], weightDecay: 0 },
      schedule: { type: 'cosine', period: 100000, minimum: 1e-8, warmup: 0 },
      ema: 0.999,
      loss: { pixel: { type: 'l1', weight: 1 } },
      // The authors' code walks the intervals backwards: negative 0 has decay 0.1 and interval 1000.
      mcir: {
        weight: 0.001,
        negatives: [
          { every: 1000, decay: 0.1 },
          { every: 500, decay: 0.2 },
          { every: 200, decay: 0.3 },
          { every: 100, decay: 0.4 },
        ],
      },
      features: { network: 'vgg16', layers: { relu1_2: 0.2, relu2_2: 0.3, relu3_3: 0.5 } },
      validateEvery: 5000,
    });
    expect(config.network.inputNorm?.mean).toEqual([0.64, 0.6, 0.58]);
    expect(leftOut).toEqual(['datasets.train.color_jitter: 0.2', 'network_g.extra: true']);
  });

  it('takes the scale from the file, and the patch in input pixels', () => {
    const { config, leftOut } = importOptions(
      `{ name: sr, scale: 2, network_g: { type: EDSR, num_block: 3 }, datasets: { train: { dataroot_gt: gt, gt_size: 96 } },
         train: { total_iter: 10, pixel_opt: { type: CharbonnierLoss }, gan_opt: { type: GANLoss, loss_weight: 0.1 },
           scheduler: { type: MultiStepLR, milestones: [5], gamma: 0.5 } } }`,
      'sr.yml',
    );
    expect(config.network).toMatchObject({ type: 'edsr', options: { num_block: 3, upscale: 2 } });
    expect(config).toMatchObject({ data: { patch: 48 }, loss: { pixel: { type: 'charbonnier' } } });
    expect(config.schedule).toMatchObject({ type: 'multistep', milestones: [5], gamma: 0.5 });
    expect(config.mcir).toBeUndefined();
    expect(leftOut).toEqual(['train.gan_opt.type: "GANLoss"', 'train.gan_opt.loss_weight: 0.1']);
  });

  it.each([
    ['name: [', /not valid YAML/],
    ['{ network: {} }', /not an option file of BasicSR/],
    ['{ network_g: { type: MambaIR } }', /trains the network "MambaIR", which is not supported/],
  ])('refuses %s in a sentence', (text, reason) => {
    expect(() => importOptions(text, 'x.yml')).toThrow(reason);
  });
});
