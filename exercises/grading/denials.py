"""The wordings by which English denies something, as patterns."""

import re

_AUX = (
    r"(?:is|are|was|were|be|been|am|do|does|did|can|could|will|would|shall|should|must|may|might"
    r"|has|have|had|need)"
)
_BARE = (
    r"(?:isnt|arent|wasnt|werent|dont|doesnt|didnt|cant|couldnt|wont|wouldnt|shouldnt|hasnt|havent)"
)
NO_DENIAL = re.compile(
    r"\bno (?:matter|doubt|more than|less than)\b"
    r"|\bnothing but\b|\bwhether or not\b|\bor not\b|\bif not\b|\bnot least\b|\bno longer than\b",
    re.I,
)
# A denied verb.
PREDICATE = re.compile(
    rf"\b{_AUX}\s+(?:\w+ly\s+|also\s+|just\s+|even\s+|really\s+|it\s+|they\s+|we\s+|you\s+)?n[o0]t\b"
    rf"|\b\w+n't\b|\bcan(?:not|\s*nt)\b|\b{_BARE}\b"
    r"|\b(?:never|nevr|hardly|barely|scarcely|nowhere|no longer|in no way|by no means"
    r"|under no circumstances|not at all|on no account)\b"
    r"|\b(?:fail|fails|failed|failing|refuse|refuses|refused|unable|cease|ceases|neglect|neglects"
    r"|omit|omits|powerless|forget|forgets|decline|declines)\s+to\b"
    r"|\b(?:everything|anything) but\b|\bfar from\b|\bthe (?:opposite|contrary|reverse) of\b",
    re.I,
)
# "actions that hardly occur", "data it was not trained with"
RELATIVE = re.compile(
    rf"\w\s+(?:that|which|who|whose|where)(?:\s+(?!{_AUX}\b)\w+){{0,3}}\s*$"
    r"|\b(?!(?:and|but|so|that|because|then|if|or|when|while|as)\b)\w{3,}\s+"
    r"(?:it|they|we|you|he|she|i)\s*$",
    re.I,
)
NOT_ONLY = re.compile(
    r"\bnot (only|just|merely|simply|solely)\b(?=.*\b(?:but|also|too|as well)\b)", re.I
)
FORWARD = re.compile(
    r"\b(?:n[o0]t|no|none|neither|nor|without|nothing|nobody|instead of|rather than|except|unlike"
    r"|no one|contrary to|as opposed to|lacks?|lacking|absence of)\b",
    re.I,
)
_FALSE = (
    r"(?:false|wrong|untrue|incorrect|mistaken|nonsense|rubbish|impossible|inaccurate|invalid"
    r"|(?:a |an )?(?:common )?(?:myth|lie|mistake|misconception|error|falsehood|fallacy))"
)
_BE = r"(?:is|was|are|were|would be|be|seems|sounds|remains)"
_ADVERBS = r"(?:(?:\w+ly|simply|just|quite|of course|all|also|very|totally)\s+)*"
_BELIEF = r"(?:think|believe|agree|accept|claim|say|suppose|assume|mean|suggest|find|hold|see)"
WHOLE = (
    # It is false that …, It's wrong to say that …, It is not true that …, That … is a myth
    re.compile(
        r"(?<!\bif )(?<!\bwhen )(?<!\bwhere )(?<!\bbecause )(?<!\bsince )(?<!\bwhether )(?<!\bas )"
        rf"\b(?:it|this|that|what follows|the following)(?:'s|\s+{_BE})\s+{_ADVERBS}"
        rf"(?:{_FALSE}|(?P<odd>not\s+{_ADVERBS}{_FALSE})|n[o0]t\s+{_ADVERBS}(?:true|correct|right|"
        r"the case|so|accurate|a fact|valid|possible))\b",
        re.I,
    ),
    re.compile(
        r"\bit\s?(?:isn't|wasn't|isnt)\s+(?:true|correct|right|the case|so|accurate|a fact)\b", re.I
    ),
    re.compile(
        r"\b(?:i|we|you|one|people)\s+"
        rf"(?:do not|don't|dont|never|can't|cannot|would not|wouldn't)\s+{_BELIEF}\b",
        re.I,
    ),
    re.compile(
        r"\b(?:i|we|you|one|experts?)\s+(?:doubt|deny|disagree|reject|dispute|refute)\b", re.I
    ),
    re.compile(rf"\b(?:nobody|no one|no-one|no expert|no book)\s+{_BELIEF}s?\b", re.I),
    re.compile(r"\bthere is no (?:way|evidence|reason|truth|proof)\b", re.I),
    re.compile(
        r"\b(?:the opposite|the reverse|the contrary) (?:is|of what)\b.*\b(?:true|the case|that)\b",
        re.I,
    ),
    re.compile(r"^\s*(?:false|wrong|incorrect|untrue|not true|lie)\s*:", re.I),
    re.compile(r"\b(?:not|n't)\s*[.!]*$", re.I),
)
# The same where what is denied stands before the denying words: only these go.
ENCLOSING = (
    re.compile(
        r"\b(?:the|any|this|that)\s+(?:claim|statement|idea|belief|assertion|notion|sentence|view)"
        rf"\s+that\b.*\b{_BE}\s+{_ADVERBS}(?:{_FALSE}|not true|not correct|not right)\b",
        re.I,
    ),
    re.compile(
        rf"^that\b[^,;]*\b{_BE}\s+{_ADVERBS}(?:{_FALSE}|not true|not the case|not correct)\b", re.I
    ),
    re.compile(
        rf"^[^,;:]{{30,}}\b{_BE}\s+{_ADVERBS}"
        rf"(?:{_FALSE}|not true|not the case|not correct)\s*[.!]*$",
        re.I,
    ),
    re.compile(
        rf",\s*(?:and |but )?(?:which|this|that|it)(?:'s|\s+{_BE})\s+{_ADVERBS}"
        rf"(?:{_FALSE}|not true|not the case|not correct)\s*[.!]*$",
        re.I,
    ),
)
DENYING = re.compile(
    rf"(?:\b{_BE}|'s)\s+{_ADVERBS}(?:{_FALSE}|not true|not the case|not correct|not right)\b", re.I
)
ALL_BEFORE = re.compile(
    r"^\W*(?:(?:but|and|well|actually|in fact|sorry)\W+)*(?:"
    r"(?:no|not|nope|wrong|false|just kidding|i was joking|kidding|i lied|that was a lie)\W*$"
    rf"|(?:none|nothing) of (?:this|that|these|it|the above|what i (?:said|wrote)).*$"
    r"|(?:all|everything|each|both|all of (?:this|that|it)|everything above|the above|all the above"
    rf"|everything i (?:said|wrote)|what i (?:said|wrote)|the statements? above|this statement"
    rf"|all of the above|these statements|this|that|it|those)"
    rf"(?:'s|\s+{_BE}|\s+isn't|\s+aren't)\s+{_ADVERBS}"
    rf"(?:{_FALSE}|(?:not\s+)?{_ADVERBS}(?:true|correct|the case|right))\W*$"
    r"|(?:the )?(?:exact )?(?:opposite|reverse|contrary)(?: of (?:this|that|it|the above))? "
    r"(?:is|holds|would be).*$|said (?:nobody|no one)\b.*$"
    r"|(?:please )?read (?:this|that) in reverse.*$)",
    re.I,
)
ALL_AFTER = re.compile(
    r"\b(?:none of the following"
    r"|the following (?:is|are|statements? (?:is|are)|sentences? (?:is|are))"
    rf"(?: all| both)?\s+{_ADVERBS}(?:{_FALSE}|not true|not correct)|nothing of what follows"
    r"|(?:here are|these are|here is|this is) (?:some |two |a |an |the )?"
    r"(?:wrong|false|incorrect|untrue)\b)",
    re.I,
)
UNKNOWN = re.compile(
    r"\b(?:i|we)\s+(?:do not|don't|dont|cannot|can't)\s+(?:know|remember|recall|understand)\b"
    r"|\bno idea\b|\bnot sure (?:if|whether)\b|\bi (?:wonder|forgot)\b",
    re.I,
)
# By its sign, or by its order of words.
QUESTION = re.compile(
    r"[?؟][\W_]*$"
    r"|^\W*(?:is|are|was|were|does|did|can|could|would|will|has|should|might|may)\s+"
    r"(?:it|the|an?|this|that|there|they|we|you|its|i|all|both)\b",
    re.I,
)
