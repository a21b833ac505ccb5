//! The words names are made of: short, neutral, lower case.

/// All words, sorted.
#[rustfmt::skip]
pub(super) const WORDS: [&str; 366] = [
    "acorn", "amber", "apple", "aspen", "autumn", "azure", "badge", "baker", "balm", "banjo", "barley",
    "basil", "basin", "beach", "beacon", "beaver", "bench", "berry", "birch", "bison", "blaze", "bloom",
    "blossom", "board", "bold", "bonus", "borax", "brave", "bread", "breeze", "brick", "bridge", "bright",
    "brook", "brush", "bubble", "bucket", "butter", "cabin", "cactus", "camel", "candle", "canoe", "canyon",
    "carbon", "cargo", "carrot", "castle", "cedar", "cello", "chalk", "charm", "cherry", "chess", "cider",
    "cinder", "circle", "citrus", "clay", "clear", "cliff", "clover", "cobalt", "cocoa", "comet", "copper",
    "coral", "cotton", "cove", "coyote", "crane", "crater", "crisp", "crow", "crystal", "curlew", "dahlia",
    "dawn", "delta", "denim", "desert", "dingo", "dolphin", "dove", "dragon", "drift", "dune", "dusk",
    "eagle", "early", "earth", "ebony", "echo", "elder", "elm", "ember", "emerald", "fable", "falcon",
    "feather", "fern", "ferry", "fiddle", "field", "finch", "fjord", "flame", "flint", "flora", "flute",
    "foam", "forest", "fossil", "fox", "frost", "galaxy", "gale", "garden", "garnet", "gecko", "gentle",
    "geyser", "ginger", "glacier", "glade", "gleam", "globe", "gold", "goose", "grain", "granite", "gravel",
    "green", "grove", "gull", "hamlet", "harbor", "harp", "harvest", "hawk", "hazel", "heath", "hedge",
    "helium", "hemlock", "heron", "hickory", "hill", "hollow", "honey", "horizon", "ibex", "indigo",
    "inlet", "iris", "iron", "island", "ivory", "ivy", "jade", "jasmine", "jasper", "jay", "jetty", "jolly",
    "juniper", "kayak", "kernel", "kettle", "kiwi", "koala", "lagoon", "lake", "lantern", "lark", "laurel",
    "lava", "leaf", "ledge", "lemon", "lentil", "lilac", "lime", "linen", "lion", "lizard", "llama",
    "lobster", "locust", "lotus", "lunar", "lynx", "magnet", "mango", "maple", "marble", "marlin", "marsh",
    "meadow", "mellow", "melon", "meteor", "mineral", "mint", "mirror", "mist", "moon", "moss", "moth",
    "motor", "mural", "myrtle", "nebula", "nectar", "nest", "nickel", "noble", "north", "nova", "nutmeg",
    "oak", "oasis", "oat", "ocean", "olive", "onyx", "opal", "orbit", "orchid", "otter", "owl", "oyster",
    "paddle", "panda", "papaya", "parrot", "pasture", "patrol", "peach", "pear", "pebble", "pecan",
    "pelican", "pepper", "petal", "piano", "pigeon", "pine", "pixel", "planet", "plum", "pocket", "polar",
    "pollen", "pond", "poplar", "poppy", "prairie", "prism", "puffin", "pumpkin", "quail", "quartz",
    "quiet", "quill", "rabbit", "radish", "rain", "ranch", "rapid", "raven", "reed", "reef", "ribbon",
    "ridge", "river", "robin", "rocket", "rose", "ruby", "rustic", "saffron", "sage", "sail", "salmon",
    "sand", "sapling", "satin", "scarlet", "sequoia", "shadow", "shell", "shore", "shrub", "sierra",
    "silver", "skate", "sky", "slate", "snow", "solar", "sonata", "spark", "sparrow", "spice", "spruce",
    "stable", "star", "steel", "stone", "storm", "stream", "summer", "sun", "swan", "swift", "talon",
    "tango", "teal", "temple", "thistle", "thunder", "tide", "tiger", "timber", "topaz", "torch", "trail",
    "tulip", "tundra", "tunnel", "turtle", "twig", "umber", "unicorn", "upland", "urchin", "valley",
    "vanilla", "velvet", "verde", "vesper", "vine", "violet", "viper", "vista", "walnut", "walrus",
    "warbler", "water", "wave", "wheat", "whisper", "willow", "wind", "winter", "wolf", "wren", "yarrow",
    "yellow", "yonder", "zebra", "zenith", "zephyr", "zinc", "zircon",
];

#[cfg(test)]
mod tests {
    use super::WORDS;
    use crate::usernames::filter::is_unsafe;

    #[test]
    fn words_are_sorted_distinct_and_safe() {
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        for word in WORDS {
            assert!((3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
            assert!(!is_unsafe(word), "{word}");
        }
    }
}
