import { describe, expect, it } from 'vitest';
import { readWeights } from '../../../../src/core/formats/readWeights.ts';
import { AppError } from '../../../../src/shared/errors.ts';
import { dict, legacyFile, legacyStorage, op, pickle, tensor } from './pickles.ts';
import { zipOf } from '../zips.ts';

/** What picklescan's and fickling's tests try: code hidden in pickles, by every way a pickle can call something. */
const call = (module: string, name: string, argument = 'id'): number[] => [
  ...op.global(module, name),
  ...op.text(argument),
  ...op.tuple1,
  ...op.reduce,
];
const stackCall = (module: string, name: string): number[] => [
  ...op.text(module),
  ...op.memoize,
  ...op.text(name),
  ...op.memoize,
  ...op.stackGlobal,
  ...op.memoize,
  ...op.text('id'),
  ...op.tuple1,
  ...op.reduce,
];

const forbidden = [
  ['posix', 'system'],
  ['os', 'system'],
  ['nt', 'system'],
  ['builtins', 'eval'],
  ['__builtin__', 'eval'],
  ['builtins', 'exec'],
  ['builtins', 'getattr'],
  ['builtins', '__import__'],
  ['subprocess', 'Popen'],
  ['runpy', '_run_code'],
  ['pty', 'spawn'],
  ['sys', 'exit'],
  ['socket', 'create_connection'],
  ['marshal', 'loads'],
  ['types', 'CodeType'],
  ['types', 'FunctionType'],
  ['functools', 'partial'],
  ['operator', 'attrgetter'],
  ['operator', 'methodcaller'],
  ['_pickle', 'loads'],
  ['pickle', 'loads'],
  ['importlib', 'import_module'],
  ['ctypes', 'CDLL'],
  ['pydoc', 'locate'],
  ['cProfile', 'run'],
  ['code', 'InteractiveInterpreter'],
  ['bdb', 'Bdb.run'],
  ['timeit', 'timeit'],
  ['shutil', 'rmtree'],
  ['io', 'FileIO'],
  ['logging', 'FileHandler'],
  ['webbrowser', 'open'],
  ['torch', 'load'],
  ['torch.hub', 'load'],
  ['torch.jit', 'load'],
  ['torch._inductor.codecache', 'compile_file'],
  ['torch.serialization', 'load'],
  ['torch.utils.collect_env', 'run'],
  ['numpy', 'load'],
  ['numpy.testing._private.utils', 'runstring'],
  ['numpy.f2py.crackfortran', 'getlincoef'],
  ['collections', 'Counter'],
  ['collections', 'OrderedDict.__init__'],
  ['torch', 'FloatStorage.from_file'],
  ['torch._utils', '_rebuild_tensor_v2.__globals__'],
  ['', ''],
  ['constructor', 'constructor'],
  ['__proto__', 'toString'],
  ['toString', ''],
] as const;

const attacks: [string, Uint8Array][] = [
  ...forbidden.flatMap(([module, name]): [string, Uint8Array][] => [
    [`GLOBAL ${module}.${name}`, pickle(op.proto(), call(module, name), op.stop)],
    [`STACK_GLOBAL ${module}.${name}`, pickle(op.proto(4), stackCall(module, name), op.stop)],
  ]),
  [
    'hidden beside weights',
    pickle(op.proto(), dict({ params: tensor('0', 4, 0, [4], [1]), epoch: call('os', 'system') }), op.stop),
  ],
  ['called and then forgotten', pickle(op.proto(), call('os', 'system'), op.pop, dict({}), op.stop)],
  [
    'as an argument of something allowed',
    pickle(op.proto(), op.global('collections', 'OrderedDict'), call('os', 'system'), op.tuple1, op.reduce, op.stop),
  ],
  ['in a persistent id', pickle(op.proto(), call('os', 'system'), op.binPersId, op.stop)],
  ['as a key', pickle(op.proto(), op.emptyDict, call('os', 'system'), op.none, op.setItem, op.stop)],
  ['INST', pickle(op.proto(), op.mark, op.text('id'), op.inst('os', 'system'), op.stop)],
  ['INST of something allowed', pickle(op.proto(), op.mark, op.inst('collections', 'OrderedDict'), op.stop)],
  ['OBJ', pickle(op.proto(), op.mark, op.global('collections', 'OrderedDict'), op.obj, op.stop)],
  ['NEWOBJ', pickle(op.proto(), op.global('collections', 'OrderedDict'), op.emptyTuple, op.newobj, op.stop)],
  [
    'NEWOBJ_EX',
    pickle(op.proto(4), op.global('collections', 'OrderedDict'), op.emptyTuple, op.emptyDict, op.newobjEx, op.stop),
  ],
  ['EXT1', pickle(op.proto(), op.ext1(1), op.emptyTuple, op.reduce, op.stop)],
  ['EXT4', pickle(op.proto(), op.ext4(1), op.emptyTuple, op.reduce, op.stop)],
  ['PERSID', pickle(op.proto(), op.persId('storage'), op.stop)],
  [
    'a persistent id that is no storage',
    pickle(op.proto(), op.mark, op.text('module'), op.text('code'), op.tuple, op.binPersId, op.stop),
  ],
  ['BUILD of a list', pickle(op.proto(), op.emptyList, op.emptyDict, op.build, op.stop)],
  ['REDUCE of text', pickle(op.proto(), op.text('os.system'), op.emptyTuple, op.reduce, op.stop)],
  [
    'REDUCE of a storage class',
    pickle(op.proto(), op.global('torch', 'FloatStorage'), op.integer(1), op.tuple1, op.reduce, op.stop),
  ],
  [
    'calling the result of a call',
    pickle(
      op.proto(),
      op.global('collections', 'OrderedDict'),
      op.emptyTuple,
      op.reduce,
      op.emptyTuple,
      op.reduce,
      op.stop,
    ),
  ],
  ['a name by other than text', pickle(op.proto(4), op.none, op.none, op.stackGlobal, op.stop)],
  ['protocol 0', pickle([0x63], [...new TextEncoder().encode("os\nsystem\n(S'id'\ntR.")])],
  ['a late PROTO of another kind', pickle(op.proto(), op.proto(6), op.none, op.stop)],
  ['an unknown operation', pickle(op.proto(), [0xff], op.stop)],
  ['no STOP', pickle(op.proto(), op.none)],
  ['an empty stack', pickle(op.proto(), op.stop)],
  ['something left on the stack', pickle(op.proto(), op.none, op.none, op.stop)],
  ['a memo that was never set', pickle(op.proto(), op.get(7), op.stop)],
  ['a text longer than the file', pickle(op.proto(), [0x58, 0xff, 0xff, 0xff, 0xff], op.stop)],
  ['a number of a megabyte', pickle(op.proto(), [0x8a, 255], new Array<number>(255).fill(1), op.stop)],
  ['a million marks', pickle(op.proto(), new Array<number>(1_100_000).fill(0x28), op.stop)],
  [
    'a dictionary made again and again',
    pickle(
      op.proto(),
      op.emptyList,
      op.mark,
      ...Array.from({ length: 3000 }, () => [...op.none, ...op.none, ...op.tuple2]),
      op.appends,
      op.put(1),
      op.pop,
      ...Array.from({ length: 5000 }, () => [
        ...op.global('collections', 'OrderedDict'),
        ...op.get(1),
        ...op.tuple1,
        ...op.reduce,
        ...op.pop,
      ]),
      op.none,
      op.stop,
    ),
  ],
];

const badTensors: [string, readonly number[]][] = [
  ['reaches beyond its storage', tensor('0', 4, 0, [5], [1])],
  ['begins beyond its storage', tensor('0', 4, 4, [1], [1])],
  ['strides beyond its storage', tensor('0', 4, 0, [2, 2], [3, 1])],
  ['has a negative side', tensor('0', 4, 0, [-1], [1])],
  ['has a negative stride', tensor('0', 4, 3, [4], [-1])],
  ['has a size that overflows', tensor('0', 4, 0, [2 ** 30, 2 ** 30], [0, 0])],
  ['shows far more than is stored', tensor('0', 4, 0, [2 ** 30], [0])],
  ['has fewer strides than sides', tensor('0', 4, 0, [2, 2], [1])],
  ['has too many sides', tensor('0', 4, 0, new Array<number>(20).fill(1), new Array<number>(20).fill(1))],
  [
    'names a storage of another type',
    [...tensor('0', 4, 0, [1], [1]), ...op.pop, ...tensor('0', 4, 0, [1], [1], 'HalfStorage')],
  ],
  ['names a storage of another size', tensor('0', 400, 0, [1], [1])],
];

describe('hostile pickles', () => {
  it.each(attacks)('are refused as a pickle, in a legacy file and in a zip file: %s', async (_, bytes) => {
    await expectRefused(bytes);
    await expectRefused(legacyFile(bytes));
    await expectRefused(
      await zipOf({ 'archive/data.pkl': bytes, 'archive/data/0': new Uint8Array(16), 'archive/version': '3\n' }),
    );
  });

  it('are refused in a second pickle of the file', async () => {
    const good = pickle(op.proto(), dict({ w: tensor('0', 4, 0, [4], [1]) }), op.stop);
    const bad = pickle(op.proto(), call('os', 'system'), op.stop);
    const entries = { 'archive/data.pkl': good, 'archive/data/0': new Uint8Array(16) };
    expect((await readWeights(await zipOf(entries))).weights.get('w')?.shape).toEqual([4]);
    await expect(readWeights(await zipOf({ ...entries, 'archive/constants.pkl': bad }))).rejects.toThrow(/os\.system/);
    await expect(readWeights(await zipOf({ ...entries, 'other/x.PKL': bad }))).rejects.toThrow(/os\.system/);
    await expect(readWeights(await zipOf({ ...entries, 'archive/code/net.py': 'import os' }))).rejects.toThrow(
      /code\/net\.py/,
    );
  });

  it('name the function that they would have called', async () => {
    await expect(readWeights(legacyFile(pickle(op.proto(), call('posix', 'system'), op.stop)))).rejects.toThrow(
      /would run posix\.system/,
    );
  });

  it.each(badTensors)('are refused when a tensor %s', async (_, operations) => {
    const object = pickle(op.proto(), dict({ w: operations }), op.stop);
    await expectRefused(legacyFile(object, legacyStorage(Float32Array.of(1, 2, 3, 4)), ['0']));
    await expectRefused(await zipOf({ 'archive/data.pkl': object, 'archive/data/0': new Uint8Array(16) }));
  });
});

async function expectRefused(bytes: Uint8Array): Promise<void> {
  await expect(readWeights(bytes)).rejects.toBeInstanceOf(AppError);
}
