/** Options of each network that make it so small that a step takes a moment. */
export const tinyNetworks: Record<string, Record<string, unknown>> = {
  ffanet: { blocks: 1 },
  edsr: { num_feat: 4, num_block: 1 },
  nafnet: { width: 4, enc_blk_nums: [1], middle_blk_num: 1, dec_blk_nums: [1] },
  dehazeformer: {
    embed_dims: [4, 8, 12, 8, 4],
    depths: [1, 1, 1, 1, 1],
    num_heads: [1, 1, 1, 1, 1],
    attn_ratio: [0, 1, 1, 0, 0],
  },
  idt: { img_size: 64, embed_dim: 2, num_heads: [1, 1, 1, 1, 1, 1, 1, 1, 1] },
  swinir: { img_size: 14, window_size: 7, embed_dim: 8, depths: [2], num_heads: [2] },
  imdn: { nf: 16 },
  rrdbnet: { num_feat: 4, num_block: 1, num_grow_ch: 2 },
  srvgg: { num_feat: 4, num_conv: 1 },
};
