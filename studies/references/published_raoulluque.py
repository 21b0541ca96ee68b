"""What RaoulLuque/ImageRecognitionFromScratch publishes of its models, in README and logs.

Errors are those of the logs: the README says 6.75, 2.19, 0.80 and 0.44 % where these have 6.72,
2.20, 0.81 and 0.45. Bands are guesses of how far the mean of a few seeds may be from a single
training of the same recipe: 2.3 standard deviations between seeds.
"""

from sweep import Curve, Figure, Rows

MODELS = tuple(map(str, range(1, 13)))

ERROR = Figure(
    source="test_error",
    header="test error, %",
    scale=100,
    published={
        "1": 10.05,
        "2": 6.72,
        "3": 3.10,
        "4": 2.64,
        "5": 2.20,
        "6": 2.02,
        "7": 1.93,
        "8": 1.58,
        "9": 0.81,
        "10": 0.45,
        "11": 0.42,
        "12": 0.40,
        "tensorflow": 0.25,
    },
    band={
        "1": 0.7,
        "2": 0.4,
        "3": 0.25,
        "4": 0.4,
        "5": 0.3,
        "6": 0.3,
        "7": 0.3,
        "8": 0.3,
        "9": 0.2,
        "10": 0.11,
        "11": 0.11,
        "12": 0.11,
        "tensorflow": 0.11,
    },
)

CORRECT = Figure(
    source="test_correct",
    header="correct of 10,000",
    digits=0,
    published={
        model: float(round(10_000 - 100 * error)) for model, error in ERROR.published.items()
    },
)

EPOCHS = Figure(
    source="epochs",
    header="epochs",
    digits=0,
    published={
        "1": 100,
        "2": 100,
        "3": 100,
        "4": 30,
        "5": 50,
        "6": 200,
        "7": 100,
        "8": 105,
        "9": 48,
        "10": 72,
        "11": 94,
        "12": 56,
        "tensorflow": 85,
    },
)

RESTORED = Figure(
    source="restored_epoch",
    header="weights of epoch",
    digits=0,
    published={"8": 91, "9": 29, "10": 48, "11": 70, "12": 42, "tensorflow": 65},
)

SECONDS = Figure(
    source="seconds_per_epoch",
    header="s/epoch",
    digits=1,
    published={
        "3": 20.1,
        "4": 23.9,
        "5": 26.5,
        "6": 31.0,
        "7": 32.2,
        "8": 76.5,
        "9": 91,
        "10": 719,
        "11": 1236,
        "12": 1271,
        "tensorflow": 35.6,
    },
)

README = {
    "1": "stochastic gradient descent, mean square error, three layers",
    "2": "mini batch gradient descent (batch size of 32), two layers",
    "3": "cross entropy loss, softmax on the last layer",
    "4": "Adam optimizer",
    "5": "dropout layers",
    "6": "a further layer, batch size of 16",
    "7": "data augmentation (0.25 chance)",
    "8": "early stopping, He weight initialization",
    "9": "two 2D convolutional layers",
    "10": "three convolutional layers, tunable learning rate, augmentation 0.5",
    "11": "four convolutional layers",
    "12": "augmentation 0.8, learning rate halved every 3 epochs after the 20th",
    "tensorflow": "the same kind of network in TensorFlow, larger",
}

NOTES = {
    "1": "trained on the first 5,000 images alone, which the README does not say",
    "5": "the README says tanh where the code has ReLU",
    "8": "the committed settings are not those of the logged run",
    "9": "the README says a fixed learning rate; code and log have the schedule",
    "12": "the README's listing repeats model 11's augmentation and patience",
}

CONFIG = {
    "layers": "layers",
    "loss": "loss",
    "optimizer": "optimizer",
    "learning_rate": "learning rate",
    "batch_size": "batch",
    "dropout": "dropout",
    "augmentation": "augmentation",
}

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

TABLES = (
    Rows(
        name="progression",
        title="The models, one after the other",
        by="model",
        rows=(*MODELS, "tensorflow"),
        config=CONFIG,
        changed="changed",
        figures=(ERROR, CORRECT, SECONDS, EPOCHS, RESTORED),
        words={"README": README, "note": NOTES},
    ),
    Curve(
        name="model-12",
        title="The training of model 12",
        by="model",
        row="12",
        metric="train_loss",
        header="training loss",
        published=LOSSES_OF_MODEL_12,
        published_seconds=SECONDS_OF_MODEL_12,
    ),
)
