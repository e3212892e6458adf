//! Names and words that masks are made of: short, ASCII, nobody's in particular.

/// First names that masks choose from.
pub(crate) const FIRST: &[&str] = &[
    "Ada", "Alba", "Alex", "Andi", "Arlo", "Ash", "Beck", "Bela", "Blair", "Bo", "Cam", "Casey", "Cleo",
    "Corin", "Dale", "Dana", "Devin", "Drew", "Eden", "Eli", "Ellis", "Emery", "Fenn", "Finley", "Frankie",
    "Gale", "Glenn", "Harper", "Hollis", "Indra", "Ira", "Jamie", "Jody", "Jules", "Kai", "Kerry", "Kim",
    "Lane", "Lee", "Logan", "Lou", "Marlo", "Mika", "Morgan", "Nell", "Nico", "Noor", "Oakley", "Paris",
    "Quinn", "Ray", "Reese", "Robin", "Rowan", "Sage", "Sam", "Shay", "Sky", "Tatum", "Terry", "Toby", "Val",
    "Wren", "Yuri",
];

/// Last names that masks choose from.
pub(crate) const LAST: &[&str] = &[
    "Acorn", "Alder", "Amber", "Arbor", "Ashby", "Barley", "Basil", "Birch", "Bramble", "Brook", "Cedar",
    "Clover", "Copper", "Cove", "Crane", "Dale", "Dune", "Elm", "Ember", "Fable", "Falcon", "Fern", "Field",
    "Finch", "Flint", "Forest", "Garnet", "Glade", "Grove", "Harbor", "Hazel", "Heath", "Heron", "Hill",
    "Holm", "Ivory", "Jasper", "Juniper", "Lake", "Larch", "Laurel", "Linden", "Maple", "Marsh", "Meadow",
    "Mill", "Moss", "Oak", "Olive", "Onyx", "Pebble", "Pine", "Poplar", "Quarry", "Reed", "Ridge", "River",
    "Rowe", "Sorrel", "Spruce", "Stone", "Thorn", "Vale", "Willow",
];

/// Trades of companies, which follow a last name.
pub(crate) const TRADE: &[&str] = &[
    "Bakery", "Builders", "Clinic", "Coffee", "Dairy", "Dental", "Design", "Energy", "Farms", "Foods",
    "Freight", "Garage", "Glass", "Goods", "Group", "Hotels", "Labs", "Leather", "Media", "Metals", "Motors",
    "Optics", "Paper", "Partners", "Supply", "Systems", "Textiles", "Works",
];

/// Kinds of streets, which follow a last name.
pub(crate) const WAY: &[&str] = &["Avenue", "Close", "Lane", "Road", "Square", "Street", "Walk", "Way"];

/// Endings of made-up cities, which follow a last name.
pub(crate) const PLACE: &[&str] = &["dale", "ford", "haven", "mere", "moor", "port", "ton", "wick"];

/// Filler, which is repeated to the length of a free text.
pub(crate) const FILLER: &str =
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor ";

/// All first and last names that masks put in place of real ones.
pub fn dictionary() -> impl Iterator<Item = &'static str> {
    FIRST.iter().chain(LAST).copied()
}
