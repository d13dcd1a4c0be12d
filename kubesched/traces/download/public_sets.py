"""The public sets of traces that `kubesched trace fetch` knows: where they are, under what terms, and their checksums.

A SHA-256 is that of the publisher's own list (PUBLISHED), or of a copy whose source is the publisher's file (COPIED).
Where neither is known it is recorded when the file is first downloaded, and checked from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

PUBLISHED, COPIED, FIRST_USE = "published", "copied", "first use"
_CC_BY = "CC-BY-4.0"
_NONE = "none stated"


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A file to download.

    Attributes:
        url: where it is.
        name: its path in the set's folder.
        sha256: in hexadecimal digits; empty where it is not known.
        num_bytes: None where it is not known.
        origin: PUBLISHED, COPIED or FIRST_USE: where the checksum is from.
    """

    url: str
    name: str
    sha256: str = ""
    num_bytes: int | None = None
    origin: str = FIRST_USE


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Files that make one trace.

    Attributes:
        name: by which it is asked for.
        title: what it is.
        licence: the publisher's.
        page: where the publisher describes it.
        files: in the order of download; archives are unpacked beside themselves.
        reads: what to give to `kubesched replay` or `trace info`: paths in the folder, or "." for the folder.
    """

    name: str
    title: str
    licence: str
    page: str
    files: tuple[PublicFile, ...]
    reads: tuple[str, ...] = (".",)

    @property
    def num_bytes(self) -> int | None:
        """The sum over the files; None where one is not known."""
        sizes = [file.num_bytes for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)


def _files(
    base: str, files: Mapping[str, tuple[str, int | None]], origin: str = COPIED, *, keep_folders: bool = False
) -> tuple[PublicFile, ...]:
    """Return files below one address: path -> (SHA-256 or "", bytes)."""
    return tuple(
        PublicFile(
            base + path,
            path if keep_folders else PurePosixPath(path).name,
            sha256,
            num_bytes,
            origin if sha256 else FIRST_USE,
        )
        for path, (sha256, num_bytes) in files.items()
    )


_ALIBABA = "https://raw.githubusercontent.com/alibaba/clusterdata/7a6c496e4f4b6ce6150be8f881cb051bf2abff42/"
_OPENB_FILES = _files(
    _ALIBABA + "cluster-trace-gpu-v2023/csv/",
    {
        "openb_node_list_all_node.csv": ("5a85c2af79c66a1efff8bbcbda430400aae56d8431370d738480967e1a9c6b15", 52287),
        "openb_node_list_gpu_node.csv": ("2beca64b4d3dfa342036a34b56a495c6cef9225db836c81f541282cb1df320b5", 42353),
        "openb_pod_list_cpu0.csv": ("1bc3fd9ee5c1468ccd018f624d9222746e08d59f963f66b925804734271c0eaa", 499765),
        "openb_pod_list_cpu037.csv": ("8ed554026d041b15ff21ddc104d9a21dbd9a93c496262fa23ef7b5be27e220dc", 518687),
        "openb_pod_list_cpu050.csv": ("747f43247bffc2b0bb081d7f61f0705ca8d390dafc0b647e642c92f3baf3ba1e", 525811),
        "openb_pod_list_cpu072.csv": ("f8a2b031461b54d7b9f06d55473c2371eb3357b78a255c646bdca5e0833a8a2f", 537576),
        "openb_pod_list_cpu100.csv": ("bec1c33fbdde61fd463877534ec79b393aec73e1cbb22d55fab9f166ac480982", 554709),
        "openb_pod_list_cpu200.csv": ("b7e9d8a1a601da84d6e0b4110b19ef5001be5e4796d33e7b82f166ba95161f87", 622703),
        "openb_pod_list_cpu235.csv": ("87bebd4d012faa8305ce1fd82737f51cf03361aac28b75d42e34aa656d7f4ee0", 651171),
        "openb_pod_list_cpu300.csv": ("76528825f40ee662cb098b3b6e683c1efd9f87a0c8af7e628df1f32c639636d1", 710698),
        "openb_pod_list_default.csv": ("1ee7ed79c27a3b0861cda8ddba86a004c6aba904caafa329a76ae93ca63834a8", 575468),
        "openb_pod_list_gpushare100.csv": ("12dbc07d6a49bf8641e2275a2ff5bf7be74b5df7d148d531e135b140b95f9a3d", 561220),
        "openb_pod_list_gpushare20.csv": ("9be2d0efb52e242c32e23dd184cc5fcc1983478c6c9c02cbb6b4b62925c0ffcd", 574603),
        "openb_pod_list_gpushare40.csv": ("d83ce79a4eb6987524bedbb0c65e41aed3a36bf6c1b78b86234c3687a07e1d40", 572662),
        "openb_pod_list_gpushare80.csv": ("88b6649369ced40d0fde287d2498ea61ff4b05fccba8bdc95daf6042f2f8431e", 563740),
        "openb_pod_list_gpuspec05.csv": ("8f1c0ef7e4e511e982bd2818898ba22ee6d273bf5fce124b7ace285b5928cf4e", 577176),
        "openb_pod_list_gpuspec10.csv": ("2dc7e4cb9480484f08539720b433a9ec9ab5d76b396f3f7557c53a2ff78a7611", 579461),
        "openb_pod_list_gpuspec20.csv": ("6b9b89ab8913c1c074e994e98f548cf1a872fc5f76f2442ca8cd514a478b00a9", 582612),
        "openb_pod_list_gpuspec25.csv": ("9d030679a2ccd7e27a7ec9ff15baff34480d22a0012515691fc187e3f35ee68c", 584915),
        "openb_pod_list_multigpu20.csv": ("d9ec6f6c74fb980cc0b81239470c6353fceea077ea9abd610003b604c7cc2b01", 271530),
        "openb_pod_list_multigpu30.csv": ("a5e479c6444b1d83eef848159cf00c3cfa13441b2d1e2c113c391b91f1cc5b11", 277920),
        "openb_pod_list_multigpu40.csv": ("32c9e8731ca07ef96108aa65f2a289bb9aacb47f642ed9e3789f99b242df60eb", 286202),
        "openb_pod_list_multigpu50.csv": ("206f2f5959db30ecb7c44e7f13197c8ec50b7a35558ad3777cc3662ef0fe5373", 297219),
    },
)
_BORG_FILES = _files(
    "https://storage.googleapis.com/clusterdata-2011-2/",
    {
        "machine_events/part-00000-of-00001.csv.gz": (
            "fc44b8d2b33a96a261382488789855be7a0ce338888c99930ff45cb592249664",
            347211,
        ),
        "task_events/part-00000-of-00500.csv.gz": (
            "eae977d521bc6ed5d8deef56f1e06009d41844d4eb9a7e308e610d68e1b10f18",
            4139742,
        ),
        "task_events/part-00001-of-00500.csv.gz": (
            "c122f250cf1f9817dc722a5b7457eb5caf122619accfada078de66d40f311501",
            924634,
        ),
        "task_events/part-00002-of-00500.csv.gz": (
            "3534b71a7c6a3952f192485c4726119ff8d904fc2d7b828b8d96987db4aab767",
            1821031,
        ),
        "task_events/part-00003-of-00500.csv.gz": (
            "23b3df1b0e6c06d56c0cb28359635931bd0bbb7e584423537e23104580c56740",
            1335641,
        ),
        "task_events/part-00004-of-00500.csv.gz": (
            "84f2198e7a083021294ce9c764ba4dcbed6baad30746f257b3580874f802e88e",
            1367039,
        ),
        "task_events/part-00005-of-00500.csv.gz": (
            "44dc8e710448bc35a1cb51bbb0b34a8cdf58284606b6038d6e4a016aeee03cfa",
            1849244,
        ),
        "task_events/part-00006-of-00500.csv.gz": (
            "39de1a6b85a1f6709b254f94aa46b3c9c2e06c0c6400ec33ce58a66877932cb3",
            1798429,
        ),
        "task_events/part-00007-of-00500.csv.gz": (
            "cb64ab984d45ed03f79acca56acfa86f9e0c9a65d145c360187870e0431c8707",
            2229020,
        ),
        "task_events/part-00008-of-00500.csv.gz": (
            "a053ab15fb99bd756659214c524e797095465be22193ab552ac6fefb67013733",
            1717774,
        ),
    },
    keep_folders=True,
)
_AZURE_ARRIVALS_FILES = _files(
    "https://raw.githubusercontent.com/huaweicloud/trace_generation_rnn/fa856db037539396ae5dbc71f5a255f74c888443/resources/",
    {
        "maps/flav_map.txt": ("2b7ae5498471022e4bb0d62b148cbde01d5704a5fef482096ad780e17cbb0902", 115),
        "maps/v1.interval_map.txt": ("404436c751ac5a345092b8b5c9cb91ca99ae013c675fd932cfb7fc633eb9579d", 59653),
        "traces/v1.dev.txt": ("78a3e6c258553b458bd8e55d867ef5fa1a2b82cdd5c4c4b1f777210669835af6", 632536),
        "traces/v1.dev.c2100000.txt": ("46521121c2917b14800abd090354b41045ff5f5d88f8b144456af6e098196b32", 979525),
        "traces/v1.test.txt": ("2f0fcc2d12b76c54e58d222caa90547dd76033f3a97b032694e403ee81d4f815", 999548),
        "traces/v1.test.c2591400.txt": ("0f277857eb4240e9137429fd0bec9ed5355061d157492cb8061fb3e189ead963", 1570350),
        "traces/v1.train.txt": ("9c2f66e4d003f7a60db7c6ca63f4af8ef553922339a10cda848498d92f0e8d64", 3079978),
    },
)
_SIMKUBE_FILES = _files(
    "https://raw.githubusercontent.com/acrlabs/simkube/4ff51242e0e368f60c916caa38fb4d4ab5c31f0a/examples/traces/",
    {
        "bare-pods.sktrace": ("4cb094ac7e0b8fd3fc45514a31cda4057a9b676e91d4c0314c6853a6dd973c39", 5302),
        "cronjob.sktrace": ("853666dbe8db6ca7c6dc8a6120279b7a0804b5265708083a70223ee7b5af1ea7", 1620),
        "dsb-scaling.sktrace": ("9ae910256a7f0fe1815f13ab1638c499b9938e2005c9b36ef0a5fea160bd9326", 67327),
    },
)
_PAI_FILES = _files(
    "https://aliopentrace.oss-cn-beijing.aliyuncs.com/v2020GPUTraces/",
    {
        "pai_task_table.tar.gz": ("cd1d6dc3215d2a8607ccf6b6dd952b5db776df86926c73259fea7c1499ac40e5", None),
        "pai_machine_spec.tar.gz": ("cc0d38a4045af1b1af8179de8b1b54b1ddd995e6160d6d061a6b1000f1276c2d", 30449),
    },
    PUBLISHED,
)
_DLRM_FILES = _files(
    _ALIBABA + "cluster-trace-gpu-v2025/",
    {
        "disaggregated_DLRM_trace.csv": ("fb17bc4b3f412d5280f70f04a1bdf2adfc4429d1e61237a5b106e86206414295", 2118900),
    },
)
_SPOT_FILES = _files(
    _ALIBABA + "cluster-trace-v2026-spot-gpu/",
    {
        "node_info_df.csv": ("1aba161961a5a4a1a61aa581383c5e5abe3400b59f8597ba8c4eef7597bc9d18", 78330),
        "job_info_df.csv": ("", None),
    },
)
_PHILLY_FILES = _files(
    "https://raw.githubusercontent.com/petuum/adaptdl/de25dcc90c350b8ade3a710e437a651a8d2efae6/simulator/traces/",
    {
        "philly.csv": ("ebffb3dd1589bdf4e7bcd74496201c5ded1d557d498ee14f560463f37ec353da", 3444496),
    },
)
_SWF_FILES = _files(
    "https://www.cs.huji.ac.il/labs/parallel/workload/",
    {
        "l_nasa_ipsc/NASA-iPSC-1993-3.1-cln.swf.gz": (
            "5589ae9b2fb78e3bf92de097497cf33a91607de1ad54563e43533f7827597f29",
            207976,
        ),
        "l_ricc/RICC-2010-2.swf.gz": ("38b7c5c9843d9a9f3d61a2d8b927f6d39b68b368fb713886b5f2ce3499f2ec82", 3673454),
    },
)

_GITHUB = "https://github.com/"
_SETS = (
    PublicSet(
        "openb",
        "Alibaba GPU 2023: 1,523 nodes, 8,152 pods, lists with other shares of GPUs",
        _NONE,
        _GITHUB + "alibaba/clusterdata/tree/master/cluster-trace-gpu-v2023",
        _OPENB_FILES,
        ("openb_node_list_gpu_node.csv", "openb_pod_list_default.csv"),
    ),
    PublicSet(
        "borg2011",
        "Google Borg 2011 v2: all machine events, task events of the first 12.7 hours (9 of 500 parts)",
        "CC-BY",
        _GITHUB + "google/cluster-data/blob/master/ClusterData2011_2.md",
        _BORG_FILES,
    ),
    PublicSet(
        "pai2020",
        "Alibaba GPU 2020 (PAI): 1.26 million tasks, 1,897 machines",
        _CC_BY,
        _GITHUB + "alibaba/clusterdata/tree/master/cluster-trace-gpu-v2020",
        _PAI_FILES,
    ),
    PublicSet(
        "dlrm2025",
        "Alibaba GPU 2025 (DLRM): 23,871 instances of 156 applications, 31 days",
        _NONE,
        _GITHUB + "alibaba/clusterdata/tree/master/cluster-trace-gpu-v2025",
        _DLRM_FILES,
        ("disaggregated_DLRM_trace.csv",),
    ),
    PublicSet(
        "spot2026",
        "Alibaba spot GPUs 2026: 4,278 nodes, jobs of high priority and spot jobs",
        _NONE,
        _GITHUB + "alibaba/clusterdata/tree/master/cluster-trace-v2026-spot-gpu",
        _SPOT_FILES,
    ),
    PublicSet(
        "alibaba2017",
        "Alibaba 2017: batch tasks and machine events of 24 hours, 1,313 machines",
        _NONE,
        _GITHUB + "alibaba/clusterdata/tree/master/cluster-trace-v2017",
        (
            PublicFile(
                "http://aliopentrace.oss-cn-beijing.aliyuncs.com/v2017Traces/alibaba-trace-2017.tar.gz",
                "alibaba-trace-2017.tar.gz",
            ),
        ),
    ),
    PublicSet(
        "azure-arrivals",
        "Azure V1: arrivals and ages of 1.87 million VMs in bins of 300 s",
        _CC_BY,
        _GITHUB + "huaweicloud/trace_generation_rnn",
        _AZURE_ARRIVALS_FILES,
        ("v1.test.txt",),
    ),
    PublicSet(
        "azure-packing",
        "Azure 2020, traces for packing: VMs of 14 days (SQLite)",
        _CC_BY,
        _GITHUB + "Azure/AzurePublicDataset/blob/master/AzureTracesForPacking2020.md",
        (
            PublicFile(
                "https://azurepublicdatasettraces.blob.core.windows.net/azurepublicdatasetv2/"
                "azurevmallocation_dataset2020/AzurePackingTraceV1.zip",
                "AzurePackingTraceV1.zip",
            ),
        ),
        ("packing_trace_zone_a_v1.sqlite",),
    ),
    PublicSet(
        "philly",
        "Microsoft Philly: the derived list of 82,247 GPU jobs",
        "Apache-2.0 (the list), CC-BY-4.0 (the log)",
        _GITHUB + "msr-fiddle/philly-traces",
        _PHILLY_FILES,
        ("philly.csv",),
    ),
    PublicSet(
        "simkube",
        "SimKube: three traces of Kubernetes clusters, DeathStarBench among them",
        "MIT",
        _GITHUB + "acrlabs/simkube",
        _SIMKUBE_FILES,
        ("dsb-scaling.sktrace",),
    ),
    PublicSet(
        "swf-nasa",
        "NASA Ames iPSC/860 1993: 18,239 jobs, 92 days, 128 processors",
        "acknowledge the source",
        "https://www.cs.huji.ac.il/labs/parallel/workload/l_nasa_ipsc/",
        _SWF_FILES[:1],
        ("NASA-iPSC-1993-3.1-cln.swf.gz",),
    ),
    PublicSet(
        "swf-ricc",
        "RIKEN RICC 2010: 447,794 jobs, 153 days, 8,192 processors, with requested memory",
        "acknowledge the source",
        "https://www.cs.huji.ac.il/labs/parallel/workload/l_ricc/",
        _SWF_FILES[1:],
        ("RICC-2010-2.swf.gz",),
    ),
)
PUBLIC_SETS: Mapping[str, PublicSet] = {public_set.name: public_set for public_set in _SETS}
