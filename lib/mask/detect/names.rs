//! First names that many people have, to tell a column of people from one of things. No months, places and products.

/// Lower case, as statistics of names list them.
pub(crate) const FIRST_NAMES: &str = "\
    adam ahmed aisha alan alejandro alexander ali alice alicia amanda amy ana andrea andreas andrew angela anita anna anne \
    anthony antonio arthur barbara beatriz benjamin brian bruno camille carlos carmen catherine cesar chen christian \
    christina christine christopher claire claudia craig cynthia daniel daniela david deborah deepak denise dennis diana \
    diego dmitri dorothy douglas edward elena elizabeth emily emma eric erik ethan eva fatima felix fernando francesco \
    francis francisco françois gabriel gary george gerald giovanni giulia gregory guillaume hannah hans harold hassan \
    heather helen henry hiroshi hugo ibrahim inga ingrid irina isabel isabelle ivan jacob jakob james jan jane janet jason \
    javier jean jeffrey jennifer jeremy jerry jessica joan johan john jonas jonathan jorge jose joseph joshua josé juan \
    judith julia julian julie jürgen karen karl katarzyna katherine kathleen kenneth kevin klaus kyle larry lars laura lauren \
    leonardo linda lisa luca lucas lucia luigi luis lukas magdalena manuel marco margaret maria marie mario marta martha \
    martin mary mateo matthew maurice megan mehmet melissa michael michel michelle miguel mohamed mohammed monika nancy \
    natalia natalie nathan nicholas nicole nicolas nikolai noah olga olivia oscar pablo pamela patricia patrick paul paulo \
    pedro peter petra philip philippe pierre piotr priya rachel rafael rahul ralph raymond rebecca ricardo richard robert \
    roberto roger ronald rosa russell ruth ryan samantha samuel sandra sanjay sara sarah scott sean sergei sharon silvia \
    simon sofia sophia sophie stefan stefano stephanie stephen steven susan susanne svetlana teresa theresa thomas timothy \
    tomas tyler ulrike ursula valentina vanessa victor vincent vladimir walter wei wilhelm william wolfgang xavier yolanda \
    yuki yusuf yves zoe zoë";
