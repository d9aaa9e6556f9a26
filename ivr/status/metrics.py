"""The figures for Prometheus: read anew at each scrape, on a port of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ivr.status.figures import Figure


class FiguresCollector(Collector):
    """What asks for the figures when Prometheus does."""

    def __init__(self, ask: Callable[[], Iterable[Figure]]) -> None:
        self._ask = ask

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each figure as a gauge."""
        for figure in self._ask():
            names = sorted({name for labels, _value in figure.values for name in labels})
            gauge = GaugeMetricFamily(figure.name, figure.says, labels=names)
            for labels, value in figure.values:
                gauge.add_metric([labels[name] for name in names], value)
            yield gauge


def registry_of(ask: Callable[[], Iterable[Figure]]) -> CollectorRegistry:
    """Return what a Prometheus server of ours serves: these figures and nothing else."""
    registry = CollectorRegistry()
    registry.register(FiguresCollector(ask))
    return registry
