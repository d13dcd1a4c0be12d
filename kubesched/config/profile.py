"""One profile, resolved: which plugins run where, with which weights and arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesched.api.selectors import write_node_terms, write_preferred_node_terms, write_selector
from kubesched.api.wire import Writer
from kubesched.config.plugin_args import CARD_CHOICES, STRATEGIES, DefaultConstraint, PluginArgs, TypicalPod
from kubesched.config.plugin_sets import ResolvedPlugins
from kubesched.config.registry import OWN_PLUGINS, PLUGINS

ALL_NODES = -1


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of a KubeSchedulerConfiguration.

    Attributes:
        scheduler_name: the spec.schedulerName of its pods.
        percentage_of_nodes_to_score: 1..100, 0 for upstream's adaptive default, or ALL_NODES where the
            configuration does not set it.
        plugins: by extension point, in the order in which they run; those that kubesched does not have yet included.
        args: the plugins' arguments.
    """

    scheduler_name: str
    percentage_of_nodes_to_score: int
    plugins: ResolvedPlugins
    args: PluginArgs

    def at(self, point: str) -> list[str]:
        """Return the plugins of an extension point that have work in the core, in order."""
        names = self.plugins.by_point[point]
        return [name for name in names if name not in PLUGINS or PLUGINS[name].in_core]

    def to_blob(self) -> bytes:
        """Return the record that the core reads (csrc/framework/profile.cpp)."""
        out = Writer()
        out.text(self.scheduler_name)
        out.i64(self.percentage_of_nodes_to_score)
        for point in ("preFilter", "filter", "preScore"):
            out.texts(self.at(point))
        out.amounts([(name, self.plugins.weights[name]) for name in self.at("score")])
        out.texts([name for name in self.plugins.by_point["postFilter"] if name in PLUGINS or name in OWN_PLUGINS])
        out.texts([name for name in self.at("reserve") if name in PLUGINS or name in OWN_PLUGINS])
        self._write_resources(out)
        self._write_topology(out)
        self._write_gpu(out)
        return out.done()

    def _write_gpu(self, out: Writer) -> None:
        scored = [name for name in ("FGD", "Random") if name in self.plugins.by_point["score"]]
        choice = self.args.gpu_share.card_choice or (scored[0] if scored else "BestFit")
        out.u8(CARD_CHOICES.index(choice))
        out.i64(self.args.random.seed)
        write_typical_pods(out, self.args.fgd.typical_pods or (), self.args.fgd.num_pods)

    def _write_resources(self, out: Writer) -> None:
        fit = self.args.fit
        out.u8(STRATEGIES.index(fit.strategy))
        out.amounts(fit.resources)
        out.u32(len(fit.shape))
        for utilization, score in fit.shape:
            out.i64(utilization)
            out.i64(score)
        out.texts(fit.ignored_resources)
        out.texts(fit.ignored_resource_groups)
        out.texts(self.args.balanced.resources)

    def _write_topology(self, out: Writer) -> None:
        spread = self.args.spread
        out.u8(1 if spread.system_defaulting else 0)
        out.u32(len(spread.constraints))
        for constraint in spread.constraints:
            _write_constraint(out, constraint)
        out.i64(self.args.inter_pod_affinity.hard_pod_affinity_weight)
        out.u8(1 if self.args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods else 0)
        added = self.args.node_affinity
        out.u8(0 if added.required is None else 1)
        write_node_terms(out, list(added.required or ()))
        write_preferred_node_terms(out, list(added.preferred))
        out.i64(self.args.preemption.min_candidate_nodes_percentage)
        out.i64(self.args.preemption.min_candidate_nodes_absolute)
        out.i64(self.args.dynamic_resources.filter_timeout_ns)


def write_typical_pods(out: Writer, pods: Sequence[TypicalPod], num_pods: int) -> None:
    """Append typical pods (csrc/model/typical_pods.cpp reads them)."""
    out.i64(num_pods)
    out.u32(len(pods))
    for pod in pods:
        for value in (pod.count, pod.milli_cpu, pod.num_gpu, pod.milli_gpu):
            out.i64(value)
        out.texts(pod.models)


def _write_constraint(out: Writer, constraint: DefaultConstraint) -> None:
    out.i64(constraint.max_skew)
    out.text(constraint.topology_key)
    out.u8(0 if constraint.hard else 1)
    write_selector(out, None)
    out.i64(constraint.min_domains)
    out.u8(0 if constraint.affinity_honored else 1)
    out.u8(0 if constraint.taints_honored else 1)
