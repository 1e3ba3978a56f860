/**
 * A Python program that times the same models in PyTorch on one thread.
 *
 * Arguments: names as JSON, batch size, measurements a model. Prints CPU milliseconds a step by model as JSON.
 */
export const PYTORCH_SOURCE = `
import json, sys, time
import torch
from torch import nn
torch.set_num_threads(1)
torch.manual_seed(1)
names, batch, measured = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def ds_cnn(norm):
    def block(*layers):
        return [each for layer in layers for each in (layer, norm(64), nn.ReLU())]
    first = block(nn.Conv2d(1, 64, (10, 4), 2, (4, 1), bias=False))
    # 49 x 10 padded by 4 and 5 rows, 1 and 1 columns, as TensorFlow's "same"
    layers = [nn.ZeroPad2d((0, 0, 0, 1)), *first]
    for _ in range(4):
        layers += block(nn.Conv2d(64, 64, 3, 1, 1, groups=64, bias=False), nn.Conv2d(64, 64, 1, bias=False))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12)), (1, 49, 10), 12

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
    return ds_cnn(nn.BatchNorm2d if name.endswith(':batch') else lambda channels: nn.GroupNorm(8, channels))

def time_steps(name):
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
    steps = max(1, int(200 / run(5)))
    return [run(steps) for _ in range(measured)]

print(json.dumps({name: time_steps(name) for name in names}))
`
