"""The estimators are scikit-learn's in everything that it checks, and work in its pipelines and searches."""

import numpy as np
import pytest

import nn

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import make_blobs, make_moons
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nn.sklearn import NeuralClassifier, NeuralRegressor

QUICK = {"hidden_layer_sizes": (20,), "learning_rate": 0.03, "epochs": 20}


@parametrize_with_checks([NeuralClassifier(**QUICK), NeuralRegressor(**QUICK)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_a_classifier_in_a_pipeline_learns_what_no_line_separates():
    x, y = make_moons(120, noise=0.1, random_state=0)
    labels = np.array(["lower", "upper"])[y]
    model = make_pipeline(StandardScaler(), NeuralClassifier(**{**QUICK, "epochs": 60}, random_state=0))
    assert cross_val_score(model, x * [100, 1], labels, cv=3).min() > 0.9


def test_a_search_finds_a_setting_that_learns():
    x, y = make_blobs(60, random_state=0)
    search = GridSearchCV(NeuralClassifier(**QUICK, random_state=0), {"learning_rate": [1e-6, 0.03]}, cv=2)
    assert search.fit(x, y).best_params_ == {"learning_rate": 0.03}


def test_the_same_seed_gives_the_same_network():
    x, y = make_blobs(40, random_state=0)
    one, two, other = (NeuralClassifier(**QUICK, random_state=seed).fit(x, y).predict_proba(x) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_early_stopping_holds_samples_out_and_keeps_the_best():
    x, y = make_moons(100, noise=0.3, random_state=0)
    settings = {**QUICK, "epochs": 300, "early_stopping": True, "patience": 3}
    model = NeuralClassifier(**settings, random_state=0).fit(x, y)
    assert "val_loss" in model.history_.names
    assert len(model.history_) < 300
    assert "val_loss was best in epoch" in model.history_.stopped


def test_a_network_of_ones_own():
    def build(inputs, outputs, rng):
        return nn.Sequential(nn.Linear(inputs, 5, rng=rng), nn.Tanh(), nn.Dropout(0.1, rng=rng), nn.Linear(5, outputs))

    x = np.linspace(-1, 1, 40)[:, None]
    y = np.column_stack([x[:, 0], -2 * x[:, 0]])
    model = clone(NeuralRegressor(model=build, learning_rate=0.03, epochs=80, random_state=0)).fit(x, y)
    assert model.predict(x).shape == (40, 2)
    assert model.score(x, y) > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "Rleu"}, "activation is the name of one of nn's.*'Rleu'"),
        ({"optimizer": "Adamw"}, "optimizer is the name of one of nn.optim's.*'Adamw'"),
        ({"early_stopping": True, "validation_fraction": 1.5}, "validation_fraction is between 0 and 1, got 1.5"),
    ],
)
def test_settings_that_are_none(settings, message):
    with pytest.raises(ValueError, match=message):
        NeuralClassifier(**settings).fit(np.eye(4), [0, 1, 0, 1])
