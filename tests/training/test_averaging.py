import torch
from torch import nn

from vcnode.training.averaging import WeightAverage


def network():
    net = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    net[1].requires_grad_(False)
    return net


def fill(net, value):
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(value)


def test_the_mean_follows_what_is_trained_and_the_rest_is_the_models():
    net = network()
    average = WeightAverage(net, 0.9)
    fill(net, 10.0)
    average.update(net, 1000)
    state = average.state_dict_of(net)
    assert torch.allclose(state["0.weight"], torch.tensor(1.0))
    assert torch.equal(state["1.weight"], net[1].weight)
    assert torch.equal(net[0].weight, torch.full((1, 1), 10.0))


def test_the_start_is_soon_forgotten():
    net = network()
    average = WeightAverage(net, 0.999)
    fill(net, 10.0)
    for step in range(20):
        average.update(net, step)
    assert average.means["0.weight"].item() > 9.9


def test_without_decay_it_is_the_latest_weights():
    net = network()
    average = WeightAverage(net, 0.0)
    fill(net, 3.0)
    average.update(net, 50)
    assert torch.equal(average.means["0.weight"], net[0].weight)


def test_saved_means_are_taken_over_and_new_parameters_begin_with_the_models():
    net = network()
    fill(net, 2.0)
    average = WeightAverage(net, 0.9)
    fill(net, 5.0)
    average.load({"0.weight": torch.full((1, 1), 7.0)}, net)
    assert average.means["0.weight"].item() == 7
    assert average.means["0.bias"].item() == 5
