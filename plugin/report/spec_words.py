"""The sentences of a Visual Spec, in English and Korean.

Both languages hold the same keys with the same ``{fields}``; a test compares them.  ``TERMS`` knows
the metadata words that driving teams use, so that a Korean sheet does not read like a database.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")

ENGLISH = {
    "kind": "Visual Spec · collection request",
    "headline": "Collect {quantity} images like these",
    "issued": "Issued {date}",
    "for": "Dataset {dataset}",
    "images": "images needed",
    "distance_tile": "from what we own (middle candidate)",
    "delta_tile": "δ: from here on an image is new",
    "candidates_tile": "candidates describe this request",
    "percentile_short": "percentile {p}",
    "failures_short": "{p}\u00a0% fail beside it",
    "estimated_mark": "estimated",
    "missing": "What is missing",
    "missing_distance": (
        "{n} images describe this gap. To the nearest of the {owned} images that we own (S), their "
        "{metric} distance is {median} in the middle, from {low} to {high}."
    ),
    "missing_distance_one": (
        "One image describes this gap. To the nearest of the {owned} images that we own (S), its "
        "{metric} distance is {median}."
    ),
    "missing_percentile": (
        "The middle one is farther from S than {p} % of the images of S are from the rest of S."
    ),
    "missing_beyond": "{beyond} of {n} lie beyond δ = {delta}, from where on an image is new to S.",
    "missing_estimated": (
        "Estimated: this is an empty place on the sphere, where no image lies. It is described by "
        "the {n} images nearest to it on the sphere."
    ),
    "warn_covered": (
        "Please note: {covered} of the {n} candidates lie within δ and would themselves be turned "
        "down as “covered already” by the rule below. Issue the spec again with a smaller δ if "
        "images just like them are wanted."
    ),
    "warn_drive": (
        "Please note: all candidates come from one drive ({drive}), so the radius r = {radius} is "
        "the spread of its frames, and images of other drives may be turned down. Issue the spec "
        "again with candidates of other drives or with a wider radius."
    ),
    "shared": "More frequent here than in S",
    "shared_condition": "Condition",
    "shared_here": "Here",
    "shared_owned": "In S",
    "shared_lift": "How much more often",
    "shared_never": "not in S at all",
    "shared_times": "{lift}×",
    "of": "{part} of {whole}",
    "shared_test": (
        "Named are values that at least {least} images share, at least {lift} times as often as in "
        "S, and that chance does not explain (Fisher's exact test, p < {level} after correction "
        "for the number of values tried). Frames of one drive are not independent of each other."
    ),
    "shared_none": (
        "No metadata value stands out against S (looked at: {fields}). Go by the pictures."
    ),
    "shared_no_fields": "The images carry no metadata to compare. Go by the pictures.",
    "do": "Do collect",
    "guidance": (
        "Collect in surroundings that show visual patterns like the highlighted regions "
        "(orange to yellow): that is where the model looks."
    ),
    "no_heatmaps": (
        "No heatmap was computed for these images, so this sheet cannot show where the model "
        "looks. Collect scenes that resemble the pictures as a whole."
    ),
    "no_heatmap_here": "no heatmap computed",
    "shown_of": "{shown} of {n} candidates are shown, chosen to be as different as the request is "
    "wide. All are listed in candidates.csv.",
    "shown_of_page": "{shown} of {n} candidates are shown, chosen to be as different as the "
    "request is wide.",
    "typical": "most typical",
    "photo": "Photo",
    "heatmap": "Where the model looks",
    "low": "little",
    "high": "much",
    "to_owned": "to S {d}",
    "to_centre": "to the centre {d}",
    "unreadable": "The picture could not be read.",
    "dont": "Do not collect",
    "dont_text": (
        "S has these already. They are its images nearest to the request; more of the same does "
        "not count."
    ),
    "dont_none": "S has no image to show here.",
    "rule": "How many, and what counts",
    "quantity_given": "{quantity} accepted images are needed.",
    "quantity_typical": (
        "{quantity} accepted images are needed: S usually holds that many within the same radius "
        "of one of its own images, so the gap would be as well covered as the rest."
    ),
    "quantity_least": "{quantity} accepted images are needed, one for each candidate.",
    "rule_text": (
        "Every image that comes in is embedded with the same model. Two distances decide: d_c to "
        "the centre of the candidates, and d_S to the nearest image of S on the day of issue."
    ),
    "radius_candidates": "The radius r = {radius} is the largest distance of a candidate to c.",
    "radius_delta": "The candidates are one and the same point, so the radius r is δ = {radius}.",
    "radius_given": "The radius r = {radius} was chosen for this spec.",
    "accepted": "Accepted",
    "near miss": "Near miss",
    "off target": "Off target",
    "covered already": "Covered already",
    "accepted_do": "Counts towards the quantity.",
    "near miss_do": "New, and close to what was asked for: keep it, look at it, it does not count.",
    "off target_do": "New, but something else. It may belong to another request.",
    "covered already_do": "S has this already. Drive on.",
    "condition": "When",
    "meaning": "What it means",
    "and": "and",
    "figure": "The request as a ball around the candidates' centre c; not to scale",
    "figure_owned": "images of S",
    "check": "Check what came in",
    "check_text": (
        "Unpack the ZIP that came with this sheet, or leave it as it is, and let the same model "
        "look at the folder with the new images:"
    ),
    "check_note": (
        "It says for every image which of the four it is, and how much of the quantity is met. "
        "The dataset is not needed for that."
    ),
    "trace": "Where the numbers come from",
    "trace_id": "Spec",
    "trace_source": "Candidates from",
    "trace_encoder": "Model",
    "trace_fingerprint": "Fingerprint",
    "trace_heatmap": "Heatmaps by",
    "trace_metric": "Distance",
    "trace_delta": "δ",
    "trace_owned": "Images of S",
    "trace_reference": "Rows of S in reference.npz",
    "trace_radius": "Radius r, near miss 1.5 r",
    "trace_median": "Distance to S: least, middle, most",
    "note": "Remarks",
    "unknown": "unknown",
    "yes": "yes",
    "no": "no",
}

KOREAN = {
    "kind": "Visual Spec · 데이터 수집 요청서",
    "headline": "아래와 같은 이미지 {quantity}장을 수집해 주십시오",
    "issued": "발행일 {date}",
    "for": "데이터셋 {dataset}",
    "images": "필요 수량(장)",
    "distance_tile": "보유 데이터와의 거리(후보 중앙값)",
    "delta_tile": "δ: 이 값을 넘으면 새로운 이미지",
    "candidates_tile": "이 요청을 대표하는 후보 이미지(장)",
    "percentile_short": "백분위 {p}",
    "failures_short": "주변 오류율 {p}\u00a0%",
    "estimated_mark": "추정",
    "missing": "무엇이 부족한가",
    "missing_distance": (
        "이 공백은 후보 이미지 {n}장으로 대표됩니다. 보유 이미지(S) {owned}장 중 가장 가까운 "
        "이미지까지의 {metric} 거리는 중앙값 {median}, 범위 {low}~{high}입니다."
    ),
    "missing_distance_one": (
        "이 공백은 후보 이미지 1장으로 대표됩니다. 보유 이미지(S) {owned}장 중 가장 가까운 "
        "이미지까지의 {metric} 거리는 {median}입니다."
    ),
    "missing_percentile": (
        "중앙값에 해당하는 후보는, S의 이미지 가운데 {p} %가 S의 나머지 이미지와 떨어져 있는 "
        "거리보다 S에서 더 멀리 있습니다."
    ),
    "missing_beyond": (
        "후보 {n}장 중 {beyond}장이 기준값 δ({delta})를 넘습니다. δ를 넘으면 S에 없는 "
        "새로운 이미지로 봅니다."
    ),
    "missing_estimated": (
        "추정값입니다. 이 요청은 구 위에서 이미지가 없는 빈 위치를 가리키며, 구에서 그 위치와 "
        "가장 가까운 이미지 {n}장으로 대신 설명합니다."
    ),
    "warn_covered": (
        "주의: 후보 {n}장 중 {covered}장은 δ 이내에 있어, 아래 기준을 그대로 적용하면 후보 "
        "자신도 ‘이미 보유’로 판정됩니다. 이와 같은 이미지를 그대로 수집하려면 δ를 낮추어 "
        "요청서를 다시 발행하십시오."
    ),
    "warn_drive": (
        "주의: 후보가 모두 한 번의 주행({drive})에서 나와 반경 r = {radius}은 그 주행 프레임들의 "
        "퍼짐일 뿐이므로, 다른 주행의 이미지는 불합격될 수 있습니다. 다른 주행의 후보를 더하거나 "
        "반경을 넓혀 요청서를 다시 발행하십시오."
    ),
    "shared": "S보다 두드러지게 많은 조건",
    "shared_condition": "조건",
    "shared_here": "후보",
    "shared_owned": "S",
    "shared_lift": "S 대비 빈도",
    "shared_never": "S에 전혀 없음",
    "shared_times": "{lift}배",
    "of": "{whole}장 중 {part}장",
    "shared_test": (
        "후보 {least}장 이상에 나타나고, S보다 {lift}배 이상 자주 나타나며, 우연으로 설명되지 "
        "않는 값만 표시합니다(Fisher 정확 검정, 다중 비교 보정 후 p < {level}). 같은 주행에서 "
        "나온 프레임은 서로 독립이 아니라는 점에 유의하십시오."
    ),
    "shared_none": (
        "S와 비교하여 두드러지는 메타데이터 값이 없습니다(확인한 항목: {fields}). "
        "아래 사진을 기준으로 판단하십시오."
    ),
    "shared_no_fields": "비교할 메타데이터가 없습니다. 아래 사진을 기준으로 판단하십시오.",
    "do": "수집 대상",
    "guidance": (
        "밝게 강조된 영역(주황색~노란색, 모델 주목)과 유사한 시각적 패턴이 나타나는 환경을 "
        "수집하십시오."
    ),
    "no_heatmaps": (
        "이 이미지들에는 히트맵이 계산되어 있지 않아 모델이 주목한 영역을 표시할 수 없습니다. "
        "사진 전체와 유사한 장면을 수집하십시오."
    ),
    "no_heatmap_here": "히트맵 없음",
    "shown_of": (
        "후보 {n}장 중, 요청 범위를 고루 보여 주는 서로 다른 {shown}장을 실었습니다. 전체 목록은 "
        "candidates.csv에 있습니다."
    ),
    "shown_of_page": (
        "후보 {n}장 중, 요청 범위를 고루 보여 주는 서로 다른 {shown}장을 실었습니다."
    ),
    "typical": "대표 이미지",
    "photo": "원본",
    "heatmap": "모델이 주목한 영역",
    "low": "낮음",
    "high": "높음",
    "to_owned": "S까지 {d}",
    "to_centre": "중심까지 {d}",
    "unreadable": "이미지를 읽을 수 없습니다.",
    "dont": "수집 제외",
    "dont_text": (
        "아래와 같은 이미지는 이미 보유하고 있습니다. S에서 이 요청과 가장 가까운 이미지들이며, "
        "같은 장면을 더 수집해도 수량에 포함되지 않습니다."
    ),
    "dont_none": "표시할 S 이미지가 없습니다.",
    "rule": "수량과 합격 기준",
    "quantity_given": "합격 이미지 {quantity}장이 필요합니다.",
    "quantity_typical": (
        "합격 이미지 {quantity}장이 필요합니다. S의 한 이미지 주변 같은 반경 안에는 보통 이만큼의 "
        "이미지가 있으므로, 이 수량을 채우면 다른 영역과 같은 수준으로 채워집니다."
    ),
    "quantity_least": "후보 1장당 1장씩, 합격 이미지 {quantity}장이 필요합니다.",
    "rule_text": (
        "수집한 이미지는 모두 같은 모델로 임베딩한 뒤 두 거리로 판정합니다. d_c는 후보들의 "
        "중심까지의 거리, d_S는 발행일 기준 S에서 가장 가까운 이미지까지의 거리입니다."
    ),
    "radius_candidates": "후보와 중심 c 사이의 가장 큰 거리를 반경으로 삼습니다: r = {radius}.",
    "radius_delta": "후보가 모두 한 점에 있으므로 반경 r은 δ = {radius}로 정했습니다.",
    "radius_given": "반경은 이 요청서에서 직접 지정했습니다: r = {radius}.",
    "accepted": "합격",
    "near miss": "근접",
    "off target": "대상 외",
    "covered already": "이미 보유",
    "accepted_do": "요청 수량에 포함됩니다.",
    "near miss_do": "새로운 이미지이며 요청과 가깝습니다. 보관하되 수량에는 넣지 않습니다.",
    "off target_do": "새로운 이미지이지만 이 요청과는 다릅니다. 다른 요청에 해당할 수 있습니다.",
    "covered already_do": "S에 이미 있습니다. 더 수집하지 않아도 됩니다.",
    "condition": "판정 조건",
    "meaning": "의미",
    "and": "그리고",
    "figure": "후보들의 중심 c를 둘러싼 요청 범위(실제 비율과 다름)",
    "figure_owned": "S의 이미지",
    "check": "수집 결과 확인",
    "check_text": (
        "이 요청서와 함께 받은 ZIP(압축을 풀지 않아도 됩니다)과 새 이미지 폴더를 지정하면 같은 "
        "모델로 판정합니다."
    ),
    "check_note": (
        "이미지마다 네 가지 판정 중 하나와 요청 수량의 달성도를 알려 줍니다. 원본 데이터셋은 "
        "필요하지 않습니다."
    ),
    "trace": "산출 근거",
    "trace_id": "요청서 번호",
    "trace_source": "후보 출처",
    "trace_encoder": "모델",
    "trace_fingerprint": "지문(fingerprint)",
    "trace_heatmap": "히트맵 방식",
    "trace_metric": "거리",
    "trace_delta": "δ",
    "trace_owned": "S 이미지 수",
    "trace_reference": "reference.npz에 담긴 S의 행 수",
    "trace_radius": "반경 r, 근접 반경 1.5 r",
    "trace_median": "S까지의 거리: 최소, 중앙값, 최대",
    "note": "비고",
    "unknown": "알 수 없음",
    "yes": "예",
    "no": "아니요",
}

WORDS: dict[Language, dict[str, str]] = {"en": ENGLISH, "ko": KOREAN}

TERMS: dict[Language, dict[str, str]] = {
    "en": {},
    "ko": {
        "time_of_day": "시간대",
        "weather": "날씨",
        "environment": "주행 환경",
        "traffic": "교통량",
        "road_type": "도로 유형",
        "scene": "장면",
        "season": "계절",
        "location": "지역",
        "tag": "태그",
        "day": "주간",
        "night": "야간",
        "dusk": "해질녘",
        "dawn": "새벽",
        "dry": "맑음(건조 노면)",
        "clear": "맑음",
        "cloudy": "흐림",
        "rain": "비",
        "rainy": "비",
        "snow": "눈",
        "fog": "안개",
        "city": "도심",
        "urban": "도심",
        "rural": "교외",
        "highway": "고속도로",
        "tunnel": "터널",
        "low": "적음",
        "medium": "보통",
        "high": "많음",
        "cosine": "코사인",
        "euclidean": "유클리드",
        "yes": "예",
        "no": "아니요",
    },
}


def term(word: str, language: Language) -> str:
    """A metadata word as a person says it, the word itself behind it where it was translated.

    >>> term("time_of_day", "en"), term("dusk", "ko"), term("dusk", "en")
    ('time of day', '해질녘 (dusk)', 'dusk')
    """
    known = TERMS[language].get(word)
    if known is None:
        return word.replace("_", " ")
    return known if word in ("yes", "no", "cosine", "euclidean") else f"{known} ({word})"
