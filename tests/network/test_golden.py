"""The `devc` network, part by part and frame by frame, against outputs of the authors' code."""

import pytest
import torch
import torch.nn.functional as F

from vcnode.network.correspondence import normalize
from vcnode.network.discriminator import Discriminator
from vcnode.network.encoders import gray_to_rgb, lab_to_rgb_differentiable
from vcnode.network.matching import match

from .golden import fixture, load_rule_weights, rule_weights

pytestmark = pytest.mark.usefixtures("without_gradients")
SIZES = ("216x384", "144x176")
COLOR_OUTPUTS = ("conv1_1", "conv1_2norm_ss", "conv8_1", "conv10_1", "conv10_2", "conv10_ab")
COLOR_NORMALIZED = {  # each normalised map is the input of a layer that has a name
    "conv1_2norm": "conv1_2_short",
    "conv2_2norm": "conv2_2_short",
    "conv3_3norm": "conv3_3_short",
    "conv4_3norm": "conv5_1",
    "conv5_3norm": "conv6_1",
    "conv6_3norm": "conv7_1",
    "conv7_3norm": "conv8_1",
    "conv8_3norm": "conv9_1",
    "conv9_2norm": "conv10_1",
}
UNCENTER = torch.tensor([50.0, 0, 0]).view(1, 3, 1, 1)


def reference_rgb(size):
    return lab_to_rgb_differentiable(fixture("inputs")[f"reference_lab_{size}"] + UNCENTER)


def frame(size, number=0):
    return fixture("inputs")[f"frames_L_{size}"][number : number + 1] + 50


def recorded(modules):
    """Record the input and a copy of the output of each module when it runs."""
    seen = {}

    def record(module, inputs, output):
        seen[module] = (inputs[0].clone(), output.clone())

    hooks = [module.register_forward_hook(record) for module in modules]
    return seen, hooks


def warp(queries, keys, lab, temperature, shape):
    """Match and return the warped Lab and the confidence at a quarter of the size."""
    values = F.avg_pool2d(lab, 4).flatten(2)
    found = match(queries.flatten(2), keys.flatten(2), values, temperature)
    return found.warped.unflatten(2, shape), found.confidence.unflatten(2, shape), found.index


def enlarge(x):
    return F.interpolate(x, scale_factor=4, mode="nearest")


@pytest.fixture(scope="module")
def described(vgg, head):
    """Descriptors of the first frame and of the reference at both sizes, and the maps recorded on the way."""
    made = {}
    with torch.no_grad():
        for size in SIZES:
            seen, hooks = recorded([head.layer, head.theta, head.phi])
            queries = head.queries(vgg(gray_to_rgb(frame(size))))
            concat, trunk = seen[head.layer]
            keys = head.keys(vgg(reference_rgb(size)))
            maps = {
                "A_concat": concat,
                "A_trunk": trunk,
                "B_trunk": seen[head.layer][1],
                "theta_raw": seen[head.theta][1],
                "phi_raw": seen[head.phi][1],
            }
            for hook in hooks:
                hook.remove()
            made[size] = (queries, keys, maps)
    return made


def test_weight_rule_gives_the_documented_numbers():
    vgg = rule_weights("vgg19_conv", {"conv1_1.weight": (64, 3, 3, 3)})["conv1_1.weight"]
    theta = rule_weights("nonlocal_net", {"theta.weight": (256, 256, 1, 1)})["theta.weight"]
    color = rule_weights("colornet", {"conv1_1.0.weight": (32, 7, 3, 3)})["conv1_1.0.weight"]
    assert vgg[0, 0, 0].tolist() == pytest.approx([0.12544794, -0.11079337, 0.24378188])
    assert theta[0, :3, 0, 0].tolist() == pytest.approx([-0.019151837, 0.02017734, -0.0012448116])
    assert color[0, 3, 0].tolist() == pytest.approx([-1.0238445, -6.7894654, -2.2985921])


@pytest.mark.parametrize("source", ["gray", "colour"])
def test_vgg_features(vgg, source):
    rgb = gray_to_rgb(frame("216x384")) if source == "gray" else reference_rgb("216x384")
    if source == "colour":
        fixture("vgg").check_fingerprint("colour_rgb", rgb, 1e-5, 1e-6)
    for name, tap in zip(("r12", "r22", "r32", "r42", "r52"), vgg.pyramid(rgb), strict=True):
        fixture("vgg").check_fingerprint(f"{source}.{name}", tap, 5e-3, 2e-4)


@pytest.mark.parametrize("size", SIZES)
def test_descriptors(described, size):
    queries, keys, maps = described[size]
    golden = fixture("warpnet")
    for name, value in maps.items():
        golden.check_fingerprint(f"{size}.{name}", value, 1e-3, 5e-5)
    every = max(1, queries[0, 0].numel() // 8)
    rows = queries.flatten(2)[0, :, ::every].T @ keys.flatten(2)[0, :, ::37]
    golden.check(f"{size}.corr_rows", rows, 1e-5, 2e-6)


@pytest.mark.parametrize("size", SIZES)
def test_soft_warp_and_confidence(described, size):
    queries, keys, _ = described[size]
    lab = fixture("inputs")[f"reference_lab_{size}"]
    warped, confidence, _ = warp(queries, keys, lab, 0.01, queries.shape[2:])
    golden = fixture("warpnet")
    golden.check(f"{size}.warped_lab_quarter.T0.01", warped, 2e-2, 1e-3)
    golden.check(f"{size}.similarity_quarter", confidence, 1e-5, 2e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("temperature", [None, 1e-10])
def test_hard_warp(described, size, temperature):
    queries, keys, _ = described[size]
    lab = fixture("inputs")[f"reference_lab_{size}"]
    warped, confidence, index = warp(queries, keys, lab, temperature, queries.shape[2:])
    golden = fixture("warpnet")
    clear = golden[f"{size}.top2_gap"] > 1e-5
    assert torch.equal(index[0][clear], golden[f"{size}.argmax"].long()[clear])
    error = (warped - golden[f"{size}.warped_lab_quarter.T1e-10"]).abs().flatten(2)
    assert error[0][:, clear].max() <= 1e-4
    golden.check(f"{size}.similarity_quarter", confidence, 1e-5, 2e-6)


@pytest.mark.parametrize("size", SIZES)
def test_color_net_from_stored_inputs(color_net, size):
    height, width = map(int, size.split("x"))
    matched = fixture("warpnet")
    previous = fixture("inputs")["still_lab_216x384"]
    previous = (previous[:1] if height == 216 else previous[1:, :, :height, :width]) + UNCENTER
    names = {*COLOR_OUTPUTS, *COLOR_NORMALIZED.values()}
    inputs = (
        frame(size),
        enlarge(matched[f"{size}.warped_lab_quarter.T0.01"][:, 1:]),
        enlarge(matched[f"{size}.similarity_quarter"]),
        previous[:, :1],
        previous[:, 1:],
    )
    golden = fixture("colornet")
    with torch.no_grad():
        golden.check(f"{size}.ab", color_net(*inputs), 3e-3, 2e-4)
    seen, hooks = recorded(color_net.get_submodule(name) for name in names)
    with torch.enable_grad():  # as in training, every layer runs whole
        golden.check(f"{size}.ab", color_net(*inputs), 3e-3, 2e-4)
    for hook in hooks:
        hook.remove()
    for name in COLOR_OUTPUTS:
        golden.check_fingerprint(f"{size}.{name}", seen[color_net.get_submodule(name)][1], 5e-3, 2e-4)
    for name, following in COLOR_NORMALIZED.items():
        golden.check_fingerprint(f"{size}.{name}", seen[color_net.get_submodule(following)][0], 5e-3, 2e-4)


def test_three_frames_with_recurrence(vgg, head, color_net, described):
    """Both temperatures, the first previous frame being zeros, and the start in propagation mode."""
    size, shape = "216x384", (54, 96)
    lab = fixture("inputs")[f"reference_lab_{size}"]
    first, keys, _ = described[size]
    later = [head.queries(vgg(gray_to_rgb(frame(size, number)))) for number in (1, 2)]
    golden = fixture("sequence")

    def run(number, temperature, previous):
        warped, confidence, _ = warp([first, *later][number], keys, lab, temperature, shape)
        lightness, warped_ab = frame(size, number), warped[:, 1:]
        ab = color_net(lightness, enlarge(warped_ab), enlarge(confidence), previous[:, :1], previous[:, 1:])
        return ab, warped_ab, torch.cat((lightness, ab), dim=1)

    for temperature, step, errors in ((0.01, 1, (2e-1, 5e-3)), (None, 2, (3e-2, 1e-3))):
        previous = UNCENTER.expand_as(lab)
        colored, matched = [], []
        for number in range(3):
            ab, warped_ab, previous = run(number, temperature, previous)
            colored.append(ab[:, :, ::step, ::step])
            matched.append(warped_ab)
        name = "T0.01.ab" if step == 1 else "T1e-10.ab_every2"
        golden.check(name, torch.cat(colored), *errors)
        limits = (2e-2, 1e-3) if step == 1 else (1e-4, 1e-5)
        golden.check(name.split(".ab")[0] + ".warped_ab_quarter", torch.cat(matched), *limits)
    ab, _, _ = run(0, None, lab + UNCENTER)
    golden.check("propagate_mode_first.ab_every4", ab[:, :, ::4, ::4], 3e-2, 1e-3)


def test_lab_to_rgb_and_preprocessing(vgg):
    golden = fixture("misc")
    rgb = lab_to_rgb_differentiable(golden["lab2rgb.lab"])
    golden.check("lab2rgb.rgb", rgb, 1e-6, 1e-7)
    golden.check("vggpre.out", vgg.preprocess(golden["lab2rgb.rgb"]), 1e-4, 1e-5)


def test_normalization():
    golden = fixture("misc")
    golden.check("featnorm.out", normalize(golden["featnorm.in"]), 1e-6, 1e-7)


def test_discriminator_remembers_its_power_iteration():
    golden = fixture("misc")
    still = fixture("inputs")["still_lab_216x384"] + UNCENTER
    pair = torch.cat((still[1:], still[:1]), dim=1)
    changed = pair.clone()
    changed[:, 1:3] = pair[:, 1:3].flip(3) * 0.8
    changed[:, 4:6] *= 0.5
    batch = torch.cat((pair, changed))
    network = load_rule_weights("discriminator", Discriminator()).train()
    golden.check("disc.call0.y", network(batch)[0], 1e-4, 1e-4)
    score, features = network(batch)
    golden.check("disc.call1.y", score, 1e-4, 1e-4)
    golden.check_fingerprint("disc.feature4", features[:1], 1e-3, 1e-4)
    state = network.state_dict()
    for key in (key for key in state if key.endswith("weight_u")):
        golden.check(f"disc.after2.{key}", state[key], 1e-5, 1e-5)
