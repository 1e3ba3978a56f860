import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** Where PyTorch is looked for; Debian's python3-torch belongs to the system's own Python. */
const PYTHONS = ['python3', '/usr/bin/python3']

const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }

/**
 * glibc gives the memory of each step back and takes it again, page by page, or not, as the models before happen to have left the
 * heap: the same step took 15 or 80 ms. PyTorch is measured at its best.
 */
const KEEP_MEMORY = { MALLOC_MMAP_THRESHOLD_: String(2 ** 30), MALLOC_TRIM_THRESHOLD_: String(2 ** 31) }

/** Debian's OpenBLAS does not know processors newer than it is, and runs at a fifth to a half of its speed there. */
function knownProcessor(): { OPENBLAS_CORETYPE?: string } {
  try {
    return /\bavx512f\b/.test(readFileSync('/proc/cpuinfo', 'utf8')) ? { OPENBLAS_CORETYPE: 'SkylakeX' } : {}
  } catch {
    return {}
  }
}

export interface PyTorch {
  readonly version: string
  /** Of its own product of 512 x 512 matrices: a tenth of the usual says that its BLAS is the slow reference one. */
  readonly gigaflops: number
  /** Number of parameters by model. */
  readonly parameters: Readonly<Record<string, number>>
  /** @returns CPU milliseconds a step */
  time(model: string, steps: number): Promise<number>
  stop(): void
}

/**
 * PyTorch on one thread, with models built.
 *
 * @returns undefined where no Python has it
 */
export async function startPyTorch(models: readonly string[], batch: number): Promise<PyTorch | undefined> {
  for (const python of PYTHONS) {
    const pytorch = await start(python, models, batch)
    if (pytorch !== undefined) return pytorch
  }
  return undefined
}

async function start(python: string, models: readonly string[], batch: number): Promise<PyTorch | undefined> {
  const env = { ...knownProcessor(), ...process.env, ...ONE_THREAD, ...KEEP_MEMORY }
  const child = spawn(python, ['-c', SOURCE, JSON.stringify(models), String(batch)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env
  })
  child.on('error', () => {}) // no such Python: its output ends at once
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const line = await lines.next()
    return line.done === true ? undefined : (JSON.parse(line.value) as unknown)
  }
  const facts = (await answer()) as Omit<PyTorch, 'time' | 'stop'> | undefined
  if (facts === undefined) return undefined
  return {
    ...facts,
    async time(model, steps) {
      child.stdin.write(`${JSON.stringify([model, steps])}\n`)
      const ms = await answer()
      if (typeof ms !== 'number') throw new Error(`PyTorch ended while it trained ${model}`)
      return ms
    },
    stop: () => void child.stdin.end()
  }
}

/** Reads `[model, steps]` a line, and answers each with milliseconds. Arguments: names as JSON, batch size. */
const SOURCE = `
import json, sys, time
import torch
from torch import nn
torch.set_num_threads(1)
torch.manual_seed(1)
names, batch = json.loads(sys.argv[1]), int(sys.argv[2])

def ds_cnn(norm):
    bias = norm is None
    def block(*layers):
        return [each for layer in layers for each in (layer, *([] if bias else [norm(64)]), nn.ReLU())]
    first = block(nn.Conv2d(1, 64, (10, 4), 2, (4, 1), bias=bias))
    # 49 x 10 padded by 4 and 5 rows, 1 and 1 columns, as TensorFlow's "same"
    layers = [nn.ZeroPad2d((0, 0, 0, 1)), *first]
    for _ in range(4):
        layers += block(nn.Conv2d(64, 64, 3, 1, 1, groups=64, bias=bias), nn.Conv2d(64, 64, 1, bias=bias))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12)), (1, 49, 10), 12

class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.out = nn.GRU(9, 32, batch_first=True), nn.Linear(32, 6)
    def forward(self, x):
        return self.out(self.gru(x)[0][:, -1])

def conv3(inputs, filters, stride):
    # Padded as TensorFlow's "same": at stride 2 only below and right.
    pad = nn.ZeroPad2d((0, 1, 0, 1) if stride == 2 else 1)
    return nn.Sequential(pad, nn.Conv2d(inputs, filters, 3, stride))

class Residual(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        norm = lambda: nn.GroupNorm(8, filters)
        self.body = nn.Sequential(
            conv3(inputs, filters, stride), norm(), nn.ReLU(), conv3(filters, filters, 1), norm())
        self.side = nn.Conv2d(inputs, filters, 1, stride) if stride > 1 else nn.Identity()
    def forward(self, x):
        return torch.relu(self.side(x) + self.body(x))

class ResNet8(nn.Sequential):
    def __init__(self):
        super().__init__(
            conv3(3, 16, 1), nn.GroupNorm(8, 16), nn.ReLU(),
            Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

def build(name):
    if name == 'mlp':
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), (784,), 10
    if name == 'lenet':
        return nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10)), (1, 28, 28), 10
    if name == 'conv1d':
        return nn.Sequential(
            nn.Conv1d(9, 64, 3), nn.ReLU(), nn.Conv1d(64, 64, 3), nn.ReLU(), nn.MaxPool1d(2),
            nn.Flatten(), nn.Linear(3968, 100), nn.ReLU(), nn.Linear(100, 6)), (9, 128), 6
    if name == 'gru':
        return Gru(), (128, 9), 6
    if name == 'resnet8':
        return ResNet8(), (3, 32, 32), 10
    if name == 'ds-cnn:none':
        return ds_cnn(None)
    return ds_cnn(nn.BatchNorm2d if name.endswith(':batch') else lambda channels: nn.GroupNorm(8, channels))

def trainer(name):
    model, shape, classes = build(name)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss = nn.CrossEntropyLoss()
    x, y = torch.rand(batch, *shape), torch.randint(0, classes, (batch,))
    def run(steps):
        started = time.thread_time()
        for _ in range(steps):
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
        return (time.thread_time() - started) * 1000 / steps
    run(5)
    # PyTorch's GRU has a second bias, which Keras leaves out.
    return run, sum(each.numel() for key, each in model.named_parameters() if 'bias_hh' not in key)

def product():
    a, b = torch.rand(512, 512), torch.rand(512, 512)
    def run():
        started = time.perf_counter()
        a @ b
        return 2 * 512 ** 3 / (time.perf_counter() - started) / 1e9
    return max(run() for _ in range(10))

trainers = {name: trainer(name) for name in names}
sizes = {name: size for name, (_, size) in trainers.items()}
print(json.dumps({'version': torch.__version__, 'gigaflops': product(), 'parameters': sizes}), flush=True)
for line in sys.stdin:
    name, steps = json.loads(line)
    print(json.dumps(trainers[name][0](steps)), flush=True)
`
