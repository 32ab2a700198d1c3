"""Phrases that may be said of a card where an image-text encoder is at hand: words of the road.

A fixed list, so that two runs say the same.  Weather, time and place are attributes of BDD100K (Yu
et al. 2020, arXiv 1805.04687); the rest are terms of ISO 34503:2023 for operational design domains
(road, surface, junctions, structures, road works, environment, other road users).
"""

from __future__ import annotations

PROMPT = "a photo taken from a car: {}"
"""How a phrase is put to the encoder, which was trained on captions."""

PHRASES = (
    # time and light
    "daytime",
    "dawn or dusk",
    "night",
    "low sun and glare",
    "street lights",
    "headlights in the dark",
    # weather
    "clear sky",
    "overcast sky",
    "rain",
    "raindrops on the windscreen",
    "snowfall",
    "fog",
    "dust or smoke",
    # surface
    "a wet road",
    "a flooded road",
    "a snowy road",
    "an icy road",
    "an unpaved road",
    "a damaged road with potholes",
    "a road without lane markings",
    # place and kind of road
    "a city street",
    "a residential street",
    "a motorway",
    "a country road",
    "a narrow road",
    "a parking lot",
    "a petrol station",
    "a steep hill",
    "a sharp bend",
    "trees beside the road",
    "high buildings",
    # structures
    "a tunnel",
    "a bridge",
    "an underpass",
    "a toll station",
    "a level crossing",
    "tram tracks",
    # junctions
    "a junction with traffic lights",
    "a junction without traffic lights",
    "a roundabout",
    "a motorway entry or exit",
    "a pedestrian crossing",
    "a bus stop",
    # road works and events
    "road works",
    "traffic cones",
    "a crash",
    "a vehicle of the police or an ambulance",
    # other road users
    "an empty road",
    "a traffic jam",
    "many pedestrians",
    "a cyclist",
    "a motorcyclist",
    "a lorry",
    "a bus",
    "a tram",
    "a construction vehicle",
    "an animal on the road",
    "parked cars",
)
"""What is said, in the order in which equals stand."""
