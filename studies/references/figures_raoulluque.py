"""The figures that RaoulLuque/ImageRecognitionFromScratch publishes, taken from its logs.

Bands are guesses how far the mean of a few seeds may be from a single training of the same recipe:
2.3 standard deviations between seeds, and a tenth of a loss.
"""

from sweep import Quantity

MODELS = (*map(str, range(1, 13)), "tensorflow")


def by_model(*values: float | None) -> dict[str, float]:
    """Return published values by model; None stands for one that is not published."""
    return {m: value for m, value in zip(MODELS, values, strict=True) if value is not None}


def loss(epoch: int | str, header: str, published: dict[str, float]) -> Quantity:
    """Return the training loss of an epoch."""
    return Quantity(
        source="train_loss",
        header=header,
        epoch=epoch,
        digits=5,
        published=published,
        band={model: 0.1 * value for model, value in published.items()},
        difference=True,
    )


ERROR = Quantity(
    source="test_error",
    header="test error %",
    scale=100,
    published=by_model(
        *(10.05, 6.72, 3.10, 2.64, 2.20, 2.02, 1.93, 1.58, 0.81, 0.45, 0.42, 0.40, 0.25)
    ),
    band=by_model(0.7, 0.4, 0.25, 0.4, 0.3, 0.3, 0.3, 0.3, 0.2, 0.11, 0.11, 0.11, 0.11),
)

CORRECT = Quantity(
    source="test_correct",
    header="correct of 10,000",
    digits=0,
    published={
        model: float(round(10_000 - 100 * error)) for model, error in ERROR.published.items()
    },
)

EPOCHS = Quantity(
    source="epochs",
    header="epochs",
    digits=0,
    published=by_model(100, 100, 100, 30, 50, 200, 100, 105, 48, 72, 94, 56, 85),
)

RESTORED = Quantity(
    source="restored_epoch",
    header="weights of epoch",
    digits=0,
    published=by_model(*(None,) * 7, 91, 29, 48, 70, 42, 65),
)

SECONDS = Quantity(
    source="cpu_seconds_per_epoch",
    header="seconds per epoch",
    ours="processor seconds per epoch, ours",
    digits=1,
    published=by_model(
        *(None, None, 20.1, 23.9, 26.5, 31.0, 32.2, 76.5, 91, 719, 1236, 1271, 35.6)
    ),
)

FIRST_LOSS = loss(
    1,
    "loss of epoch 1",
    by_model(
        *(0.1204, 0.2975, 0.4039, 0.2433, 0.696, 1.35, 1.92, 0.878, 0.609, 0.440, 0.339, 0.436),
        None,
    ),
)

TENTH_LOSS = loss(
    10,
    "loss of epoch 10",
    by_model(
        *(0.0146, 0.0290, 0.0662, None, None, 0.261, 0.685, 0.368, 0.113, 0.0691, 0.0619, 0.0727),
        None,
    ),
)

LAST_LOSS = loss(
    "restored_epoch",
    "loss of weights kept",
    by_model(
        *(0.00335, 0.01408, 0.0013, 0.0039, 0.0350, 0.0167, 0.227),
        *(0.162, 0.0813, 0.0276, 0.0185, 0.0274, None),
    ),
)

PARAMETERS = by_model(
    *(84_060, 101_770, 101_770, 101_770, 101_770, 107_440, 107_440, 107_440),
    *(11_274, 75_226, 159_930, 159_930, 575_980),
)

LOSSES_OF_MODEL_12 = (
    *(0.436, 0.177, 0.135, 0.114, 0.107, 0.0912, 0.0836, 0.0798, 0.0746, 0.0727),
    *(0.0553, 0.0530, 0.0499, 0.0521, 0.0476, 0.0428, 0.0384, 0.0400, 0.0379, 0.0407),
    *(0.0345, 0.0313, 0.0323, 0.0315, 0.0299, 0.0294, 0.0320, 0.0309, 0.0293, 0.0287),
    *(0.0286, 0.0307, 0.0306, 0.0302, 0.0299, 0.0288, 0.0298, 0.0299, 0.0278, 0.0286),
    *(0.0294, 0.0274, 0.0280, 0.0282, 0.0280, 0.0291, 0.0294, 0.0285, 0.0278, 0.0297),
    *(0.0298, 0.0299, 0.0312, 0.0280, 0.0275, 0.0277),
)

SECONDS_OF_MODEL_12 = (
    *(1250.90, 1131.11, 1178.39, 1257.10, 1243.03, 1197.96, 1129.60, 1247.19, 1159.50, 1286.35),
    *(1500.57, 1273.83, 1180.85, 1264.89, 1285.70, 1284.66, 1277.10, 1202.07, 1292.95, 1300.92),
    *(1264.41, 1308.99, 1355.78, 1453.37, 1370.74, 1326.28, 1324.60, 1260.36, 1342.13, 1297.52),
    *(1285.94, 1248.15, 1236.65, 1244.52, 1270.58, 1282.07, 1254.23, 1259.02, 1279.32, 1301.49),
    *(1291.34, 1238.89, 1297.76, 1258.55, 1270.61, 1243.75, 1275.91, 1269.56, 1271.78, 1270.50),
    *(1278.50, 1329.75, 1267.55, 1272.75, 1255.80, 1152.43),
)
