"""A learner's own name is no ban; a library's is, wherever it hides."""

import pytest

from course_lib.grading.sandbox.notebook_file import forbidden

HELPER = "class Helper:\n    def gelu(self, x):\n        return x\n"
OWN = {
    "method": "class Block:\n    def gelu(self, x): return x\n"
    "    def forward(self, x): return self.gelu(x)",
    "attribute": "class Block:\n    def __init__(self): self.gelu = abs\n"
    "    def forward(self, x): return self.gelu(x)",
    "made inside": HELPER + "def Block(x):\n    helper = Helper()\n    return helper.gelu(x)",
    "at once": HELPER + "def Block(x):\n    return Helper().gelu(x)",
    "of the class": HELPER + "def Block(x):\n    return Helper.gelu(None, x)",
    "part": HELPER + "class Block:\n    def __init__(self): self.part = Helper()\n"
    "    def forward(self, x): return self.part.gelu(x)",
    "nested": "from torch.nn.functional import gelu\n"
    "def Block(x):\n    def gelu(y): return y\n    return gelu(x)",
}
LIBRARIES = {
    "function": "def Block(x):\n    return F.gelu(x)",
    "beside an own method": HELPER + "def Block(x):\n    return F.gelu(x)",
    "of a tensor, beside one": HELPER + "def Block(x):\n    return x.gelu()",
    "imported": "from torch.nn.functional import gelu\ndef Block(x):\n    return gelu(x)",
    "kept in an attribute": "class Block:\n    def __init__(self): self.act = F.gelu\n",
    "inside the own method": "class Block:\n    def gelu(self, x): return F.gelu(x)\n"
    "    def forward(self, x): return self.gelu(x)",
    "inherited": "class Block(Tensor):\n    def forward(self): return self.gelu()",
}


@pytest.mark.parametrize("source", OWN.values(), ids=list(OWN))
def test_ones_own_name_is_no_ban(source):
    assert forbidden([source], {"Block": ["gelu"]}) == {}


@pytest.mark.parametrize("source", LIBRARIES.values(), ids=list(LIBRARIES))
def test_a_librarys_name_is_banned(source):
    assert forbidden([source], {"Block": ["gelu"]}) == {"Block": "gelu"}
