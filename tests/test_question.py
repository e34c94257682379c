"""What a question is read as: facts, people, titles, what is unwanted, and a text."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from notebooks.recommender.filters import to_expr
from notebooks.recommender.people import People
from notebooks.recommender.question import read_question
from notebooks.recommender.spans import Known
from notebooks.recommender.titles import Titles
from notebooks.recommender.words import TEXTS_OF_MOODS

STRANGELOVE = "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb"
MOVIES = pl.DataFrame(
    [
        ("alien", "Alien", None, 1979, "Alien Collection", "Ridley Scott", "Sigourney Weaver"),
        ("aliens", "Aliens", None, 1986, "Alien Collection", "James Cameron", "Sigourney Weaver"),
        ("heat", "Heat", None, 1995, None, "Michael Mann", "Al Pacino|Robert De Niro"),
        ("shrek", "Shrek", None, 2001, "Shrek Collection", "Andrew Adamson", "Mike Myers"),
        ("shrek2", "Shrek 2", None, 2004, "Shrek Collection", "Andrew Adamson", "Mike Myers"),
        ("third", "Shrek the Third", None, 2007, "Shrek Collection", "Chris Miller", ""),
        ("bomb", STRANGELOVE, None, 1964, None, "Stanley Kubrick", "Peter Sellers"),
        ("shining", "The Shining", None, 1980, None, "Stanley Kubrick", "Jack Nicholson"),
        ("carrie", "Carrie", None, 1976, None, "Brian De Palma", "Sissy Spacek"),
        ("wars", "Star Wars", None, 1977, "Star Wars Collection", "George Lucas", "Carrie Fisher"),
        ("pulp", "Pulp Fiction", None, 1994, None, "Quentin Tarantino", "Uma Thurman"),
        ("up", "Up", None, 2009, None, "Pete Docter", "Ed Asner"),
        ("it", "It", None, 2017, None, "Andy Muschietti", "Bill Skarsgård"),
        ("country", "No Country for Old Men", None, 2007, None, "Joel Coen", "Javier Bardem"),
        ("french", "The French Connection", None, 1971, None, "William Friedkin", "Gene Hackman"),
        ("super", "Super 8", None, 2011, None, "J.J. Abrams", "Elle Fanning"),
        ("1917", "1917", None, 2019, None, "Sam Mendes", "George MacKay"),
        ("kong33", "King Kong", None, 1933, None, "Merian C. Cooper", "Fay Wray"),
        ("kong05", "King Kong", None, 2005, None, "Peter Jackson", "Naomi Watts"),
        ("city", "City of God", "Cidade de Deus", 2002, None, "Fernando Meirelles", ""),
        ("talk", "Private Talk", None, 2005, None, "Hans Canosa", "Conan O'Brien|Madonna"),
    ],
    schema=["id", "title", "original_title", "year", "series", "directors", "cast"],
    orient="row",
).with_columns(pl.col("directors", "cast").str.split("|"), vote_count=pl.lit(100))
WORDS = frozenset(
    str.split(
        "a about alien aliens blood car cars city comedy crime dark drama family fiction french "
        "funny ghosts god heat horror house in king kong life love man money no of old robbery "
        "robot school scary space spy star story the thriller up war wars woman world"
    )
)
STUDIOS = {"pixar": ["Pixar"], "ghibli": ["Studio Ghibli"], "studioghibli": ["Studio Ghibli"]}
KNOWN = Known(
    Titles(MOVIES), People(MOVIES), STUDIOS, WORDS, WORDS, frozenset(), ["funny"], rated=True
)
UNRATED = KNOWN._replace(rated=False)
in_any_case = pytest.mark.parametrize("change", [str, str.title, str.upper])


def read(typed, known=KNOWN):
    return read_question(typed, known)


def tell(typed, known=KNOWN):
    """Tell the facts of a question."""
    return [[told for _, told in fact.tell()] for fact in read(typed, known).facts]


# --- Titles --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("the french connection", ["french"]),
        ("no country for old men", ["country"]),
        ("1917", ["1917"]),
        ("super 8", ["super"]),
        ("it", ["it"]),
        ("cidade de deus", ["city"]),
        ("city of god full movie online", ["city"]),
        ("watch the shining online free", ["shining"]),
        ("king kong", ["kong33", "kong05"]),
        ("king kong 2005", ["kong05"]),
        ("heat (1995)", ["heat"]),
        ("shrek 2", ["shrek2"]),
        ("shrek 3", ["third"]),
        ("alien 2", ["aliens"]),
        ("doctor strangelove", ["bomb"]),
        ("dr. strangelove", ["bomb"]),
    ],
)
@in_any_case
def test_a_title_is_a_title_and_no_fact_name_or_negation(typed, ids, change):
    asked = read(change(typed))
    assert (list(asked.titles), asked.names_title) == (ids, True)
    assert (asked.facts, asked.unwanted, asked.like, asked.hidden) == ((), "", (), ())


@pytest.mark.parametrize(
    ("typed", "ids", "meant"),
    [
        ("plup fiction", ["pulp"], "pulp fiction"),
        ("pulp ficton", ["pulp"], "pulp fiction"),
        ("the shinning", ["shining"], "the shining"),
        ("no contry for old men", ["country"], "no country for old men"),
        ("the frenhc connection", ["french"], "the french connection"),
        ("kign kong", ["kong33", "kong05"], "king kong"),
        ("watch stra wars", ["wars"], "star wars"),
    ],
)
@in_any_case
def test_a_mistyped_title_is_the_one_that_is_meant_and_tells_it(typed, ids, meant, change):
    asked = read(change(typed))
    assert (list(asked.titles), asked.meant, asked.text) == (ids, (meant,), meant)


@pytest.mark.parametrize("typed", ["shrek 7", "king of the world", "robot love", "star war house"])
def test_what_is_near_to_a_title_and_something_else_is_not_corrected(typed):
    asked = read(typed)
    assert (asked.names_title, asked.meant, asked.text) == (False, (), typed)


def test_a_title_inside_a_question_is_named_and_stays_text():
    asked = read("the making of star wars")
    assert (asked.titles, asked.names_title) == (("wars",), False)
    assert asked.text == "the making of star wars"
    assert read("naomi watts king kong 2005").titles == ("kong05",)


# --- Facts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text", "told"),
    [
        ("comedies from before the eighties", "comedies", "from before the 1980s"),
        ("pre-70s sci-fi", "sci fi", "from before the 1970s"),
        ("post-2005 drama", "drama", "from 2006 or later"),
        ("westerns older than 1955", "westerns", "from before 1955"),
        ("noir up to 1950", "noir", "from 1950 or before"),
        ("'70s musicals", "musicals", "from the 1970s"),
        ("70's musicals", "musicals", "from the 1970s"),
        ("crime 1985-1995", "crime", "from 1985 to 1995"),
        ("max 95 minutes, crime", "crime", "at most 95 minutes"),
        ("thriller at most 2 hours", "thriller", "at most 120 minutes"),
        ("thriller under 1h 45m", "thriller", "under 105 minutes"),
        ("thriller under 1.5 hours", "thriller", "under 90 minutes"),
        ("thriller, 1h 30m", "thriller", "about 90 minutes"),
        ("thriller 80 minutes or longer", "thriller", "at least 80 minutes"),
        ("from iceland", "", "from Iceland"),
        ("swedish crime", "crime", "Swedish"),
        ("irish comedy", "comedy", "from Ireland"),
        ("movies by pixar", "", "by Pixar"),
        ("studio ghibli films", "", "by Studio Ghibli"),
    ],
)
@in_any_case
def test_a_fact_is_read_in_any_case_and_leaves_no_glue(typed, text, told, change):
    asked = read(change(typed))
    assert asked.text.lower() == text
    assert [fact.tell()[0][1] for fact in asked.firm] == [told]


@pytest.mark.parametrize(
    ("typed", "text", "told"),
    [
        ("70s or 90s crime", "crime", [["from the 1970s", "from the 1990s"]]),
        ("danish and swedish crime", "crime", [["Danish", "Swedish"]]),
        ("films by pixar or studio ghibli", "", [["by Pixar", "by Studio Ghibli"]]),
        ("crime after 1980, before 1990", "crime", [["from 1981 or later"], ["from before 1990"]]),
        (
            "korean crime from the 2000s under 2 hours",
            "crime",
            [["Korean"], ["from the 2000s"], ["under 120 minutes"]],
        ),
        ("over 3 hours and from the 60s", "", [["over 180 minutes"], ["from the 1960s"]]),
    ],
)
def test_all_facts_count_and_those_of_a_kind_are_a_choice(typed, text, told):
    asked = read(typed)
    assert asked.text == text
    assert sorted([said for _, said in fact.tell()] for fact in asked.firm) == sorted(told)


@pytest.mark.parametrize(
    "typed",
    [
        "divorced in your 50s",
        "a widow in her thirties",
        "movies set in the 1930s",
        "cowboys in the 1870s",
        "a thief has less than 12 hours to live",
        "the german spy",
        "spanish civil war",
        "american indian war movie",
        "set in italy",
        "stranger from japan",
        "i like turtles",
    ],
)
def test_what_a_story_tells_stays_text(typed):
    asked = read(typed)
    assert (asked.text, asked.facts, asked.like) == (typed, (), ())


@pytest.mark.parametrize("word", ["watch", "please", "should", "movies", "the best", "some"])
def test_words_that_only_ask_leave_no_text_beside_a_fact(word):
    assert read(f"{word} from the 80s").text == ""


# --- People --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text", "told"),
    [
        ("what did tarantino direct", "", "directed by Quentin Tarantino"),
        ("directed by ridley scott", "", "directed by Ridley Scott"),
        ("movies by kubrick", "", "directed by Stanley Kubrick"),
        ("horror by stanley kubrick", "horror", "directed by Stanley Kubrick"),
        ("starring deniro", "", "with Robert De Niro"),
        ("with robert de niro", "", "with Robert De Niro"),
        ("o'brien", "", "with Conan O'Brien"),
        ("conan o brien", "", "with Conan O'Brien"),
        ("carrie fisher", "", "with Carrie Fisher"),  # more than the title "Carrie"
        ("with uma thurman but funny", "funny", "with Uma Thurman"),
        ("with umma thurman", "", "with Uma Thurman"),
        ("directed by stanly kubrick", "", "directed by Stanley Kubrick"),
        ("madonna", "", "with Madonna"),
    ],
)
@in_any_case
def test_a_person_is_asked_for_in_a_role_or_alone(typed, text, told, change):
    asked = read(change(typed))
    assert asked.text.lower() == text
    assert asked.titles == ()
    [fact] = asked.firm
    assert fact.tell()[0][1] == told


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("something by the guy who made pulp fiction", "directed by Quentin Tarantino"),
        ("from the director of pulp fiction", "directed by Quentin Tarantino"),
    ],
)
def test_somebody_is_known_by_what_they_made_which_is_no_answer(typed, told):
    asked = read(typed)
    assert [fact.tell()[0][1] for fact in asked.firm] == [told]
    assert asked.hidden == ("pulp",)


def test_two_people_must_both_be_there_and_one_or_the_other_is_a_choice():
    both = [["with Robert De Niro"], ["with Al Pacino"]]
    assert tell("de niro and pacino") == both
    assert all(fact.firm for fact in read("de niro and pacino").facts)
    assert tell("with robert de niro and al pacino") == both
    assert tell("with robert de niro or al pacino") == [[*both[0], *both[1]]]


def test_a_person_beside_other_words_lifts_and_stays_text():
    asked = read("uma thurman robot school")
    assert (asked.text, asked.firm) == ("uma thurman robot school", ())
    assert [fact.kind for fact in asked.lifting] == ["person"]


def test_a_person_beside_a_fact_takes_nothing_from_it():
    told = tell("crime movies from the 1990s with uma thurman")
    assert told == [["from the 1990s"], ["with Uma Thurman"]]


# --- Like ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "like", "text"),
    [
        ("something like Up", ["up"], ""),
        ("can you suggest films similar to heat", ["heat"], ""),
        ("in the style of pulp fiction", ["pulp"], ""),
        ("more like the shining please", ["shining"], ""),
        ("i loved Heat, what next?", ["heat"], ""),
        ("if you liked star wars", ["wars"], ""),
        ("fans of pulp fiction", ["pulp"], ""),
        ("like alien and heat", ["alien", "heat"], ""),
        ("like king kong 2005", ["kong05"], ""),
        ("like shrek 2 but scary", ["shrek2"], "scary"),
        ("star wars but funny", ["wars"], "funny"),
        ("crime like Heat", ["heat"], "crime"),
        ("something like pulp ficton but funny", ["pulp"], "funny"),
        ("like shinning, in space", ["shining"], "space"),
    ],
)
def test_a_movie_to_be_like_is_read_however_it_is_said(typed, like, text):
    asked = read(typed)
    assert (list(asked.like), asked.text.strip()) == (like, text)


def test_newer_and_older_are_so_than_the_movie_that_is_liked():
    [newer], [older] = read("like alien but newer").facts, read("like alien but older").facts
    assert (newer.where, older.where) == ({"year": {"$gte": 1980}}, {"year": {"$lte": 1978}})
    [old] = read("older dramas").facts
    assert old.where == {"year": {"$lte": 1979}}


def test_a_movie_that_is_mentioned_beside_a_liked_one_is_liked_and_a_hated_one_is_hidden():
    asked = read(
        "Hi, I am looking for a movie tonight, I really liked Pulp Fiction and The Shining was "
        "good too but I did not like Heat"
    )
    assert set(asked.like) == {"pulp", "shining"}
    assert asked.hidden == ("heat",)


@pytest.mark.parametrize("typed", ["i love it", "i like aliens", "like a robot", "looks like love"])
def test_a_word_that_is_also_a_title_is_no_movie_to_be_like(typed):
    assert (read(typed).like, read(typed).text) == ((), typed)


def test_a_title_that_is_written_as_one_is_a_movie_to_be_like():
    assert read("I love It").like == ("it",)


# --- Negation ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text", "told"),
    [
        ("not swedish", "", "not Swedish"),
        ("not american", "", "not from the USA"),
        ("a thriller that isn't french", "thriller", "not French"),
        ("neither danish nor swedish", "", "not Danish or Swedish"),
        ("crime but not from the 70s or 80s", "crime", "not from the 1970s or from the 1980s"),
        ("thriller, not in english", "thriller", "not English"),
        ("anything but comedies", "", "not Comedy"),
        ("no horror or thriller", "", "not Horror or Thriller"),
        ("no sci-fi please", "please", "not Science Fiction"),
        ("robots without al pacino", "robots", "not with Al Pacino"),
        ("not by kubrick", "", "not directed by Stanley Kubrick"),
        ("not directed by ridley scott", "", "not directed by Ridley Scott"),
        ("crime without umma thurman", "crime", "not with Uma Thurman"),
        ("robots but no pixar", "robots", "not by Pixar"),
    ],
)
@in_any_case
def test_a_negation_takes_the_name_or_fact_that_follows(typed, text, told, change):
    asked = read(change(typed))
    assert [fact.tell()[0][1] for fact in asked.facts] == [told]
    assert asked.text.lower() in (text, "")
    assert (asked.unwanted, asked.like) == ("", ())


def test_a_negation_takes_all_names_that_or_joins_also_behind_a_role():
    told = [["not with Al Pacino"], ["not with Robert De Niro"]]
    assert tell("not with al pacino or robert de niro") == told
    asked = read("space without al pacino or ghosts")
    assert (tell("space without al pacino or ghosts"), asked.unwanted) == ([told[0]], "ghosts")
    assert asked.text == "space"


@pytest.mark.parametrize(
    ("typed", "hidden"),
    [
        ("space, but not star wars", ["wars"]),
        ("except the shining", ["shining"]),
        ("not like alien", ["alien", "aliens"]),
        ("space, even alien was too scary", ["alien", "aliens"]),
    ],
)
def test_a_title_that_is_not_wanted_hides_its_series(typed, hidden):
    assert sorted(set(read(typed).hidden)) == hidden
    assert read(typed).titles == ()


@pytest.mark.parametrize(
    ("typed", "text", "unwanted"),
    [
        ("crime without much blood", "crime", "blood"),
        ("a film that is not too wet", "", "wet"),
        ("funny but not silly", "funny", "silly"),
        ("space, no lasers, with robots", "space robots", "lasers"),
        ("a school but not a boarding school", "school", "boarding school"),
        ("no zombies please", "", "zombies"),
        ("space robots, im so tired of lasers", "space robots", "lasers"),
        ("a house for my son, even ghosts was too much", "house", "ghosts"),
        ("i don't want ghosts", "", "ghosts"),
        ("quentin tarantino but less bloody", "", "bloody"),
    ],
)
def test_what_is_unwanted_is_taken_out_of_the_text(typed, text, unwanted):
    asked = read(typed)
    assert (asked.text, asked.unwanted) == (text, unwanted)


@pytest.mark.parametrize(
    "typed",
    ["movie where a boy has no friends", "the girl with no face", "his wife is not real"],
)
def test_what_somebody_in_a_story_lacks_stays_text(typed):
    assert (read(typed).text, read(typed).unwanted) == (typed, "")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("not in the mood for anything heavy", "funny romantic comedy"),
        ("nothing too scary please", "funny romantic comedy"),
        ("nothing confusing, i'm tired", "fun adventure"),
        ("rainy sunday under a blanket", "cozy romantic comedy"),
        ("had a rough week", "warm buddy comedy about friendship"),
        ("awful day at school, something warm", "warm buddy comedy about friendship"),
        ("first date", "romantic comedy"),
        ("just got dumped. no love stories", "warm buddy comedy about friendship"),
        ("we're stoned lol what should we watch", "funny raunchy buddy comedy"),
        ("for my grandma", "heartwarming true story"),
        ("my nephew is 6 and has a cold", "heartwarming for the whole family"),
        ("something for my 14 year old", "exciting adventure"),
        ("5 year old", "heartwarming for the whole family"),
        ("kids 4 and 7, rainy sunday", "cuddly animals, gentle and cozy animation"),
        ("first movie with my girlfriend's parents", "heartwarming true story"),
        ("my son whos 5 and afraid of witches", "heartwarming for the whole family"),
        ("movie night with the whole family", "heartwarming for the whole family"),
    ],
)
def test_who_says_no_more_than_how_they_are_what_not_or_for_whom_is_taken_to_mean_a_mood(
    typed, text
):
    asked = read(typed)
    assert (asked.text, asked.is_implied) == (text, True)
    assert asked.unknown == ()


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("my gf picks tonight and she likes robots", "robots"),
        ("grandma is visiting, she loves robots", "robots"),
        ("rough week at work. need robots", "need robots"),
        ("hungover and on the couch, robots", "robots"),
        ("my nephew is 9 and he loves robots", "robots"),
        ("i work with cows, something with robots", "something with robots"),
        ("girls night, wine, something with robots", "something with robots"),
        ("rainy sunday, need robots and ghosts", "need robots and ghosts"),
        ("girls night, something scary", "something scary"),
        ("girls night, need a laugh", "need a laugh funny romantic comedy"),
        ("my robot and i", "my robot and i"),
        ("my grandpa is 88 and loves robots, what film should we put on for him", "robots"),
        ("for my teenage son who only likes robots", "robots"),
        ("robots for people who hate robots", "robots"),
    ],
)
def test_what_somebody_tells_of_themselves_is_left_out_beside_what_they_want(typed, text):
    assert read(typed).text == text


def test_of_unwanted_blood_the_mild_certifications_are_lifted_and_none_is_asked_for():
    asked = read("scary but no gore pls")
    assert (asked.text, asked.unwanted, asked.firm) == ("scary", "gore", ())
    assert [way.told for way in asked.lifting[0].ways] == ["rated G", "rated PG", "rated PG-13"]


@pytest.mark.parametrize(
    "typed", ["robots, black and white if possible", "robots, preferably from the 1990s"]
)
def test_what_one_would_rather_have_lifts_and_is_no_filter(typed):
    assert (len(read(typed).facts), read(typed).firm) == (1, ())


@pytest.mark.parametrize("typed", ["i miss france", "my trip to france", "homesick for france"])
def test_a_country_that_one_longs_for_is_where_movies_are_from(typed):
    assert tell(f"{typed}, something with robots")[0] == ["from France"]
    assert tell("a man goes to france") == []


def test_a_small_child_gets_what_is_short():
    [audience] = read("my toddler is 3").firm
    assert {"runtime": {"$lte": 80}} in audience.where["$and"]


@pytest.mark.parametrize(
    "typed", ["but i've seen alien", "but we already saw alien", "already seen alien"]
)
def test_a_movie_that_was_seen_is_hidden_and_its_series_is_not(typed):
    asked = read(f"like the shining {typed}")
    assert (asked.like, asked.hidden) == (("shining",), ("alien",))


GENRES = frozenset(["Comedy", "Crime", "Drama", "Horror", "Music", "Romance", "War", "Western"])
OF_GENRES = KNOWN._replace(genres=GENRES, labels=["romantic comedy"])


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a good horror movie", ["Horror"]),
        ("war films from the 90s", ["War"]),
        ("horror comedy", ["Horror", "Comedy"]),
        ("horor comedy", ["Horror", "Comedy"]),
        ("crime or horror", []),
        ("westerns and war stuff", []),
        ("romantic comedy", []),
        ("musicals", []),
        ("horror with robots", []),
        ("horror without blood", []),
        ("like alien but a horror movie", []),
    ],
)
def test_genres_are_facts_where_nothing_else_is_said(typed, told):
    asked = read(typed, OF_GENRES)
    genres = [fact for fact in asked.facts if fact.kind == "genre"]
    assert [way.told for fact in genres for way in fact.ways] == told
    assert asked.names_genres == bool(genres)


def test_a_misspelt_genre_is_told_and_one_that_a_movie_may_mean_is_left():
    assert read("horor comedy", OF_GENRES).meant == ("horror",)
    assert read("horor comedy", KNOWN._replace(vocabulary=WORDS | {"horor"})).meant == ()


def test_movies_of_a_genre_are_not_the_movie_that_is_called_so():
    movies = MOVIES.with_columns(title=pl.col("title").replace("Heat", "War"))
    known = OF_GENRES._replace(titles=Titles(movies))
    assert read("war", known).titles == ("heat",)
    assert read("war movies", known).titles == ()


@pytest.mark.parametrize("typed", ["space up and away", "a robot and an up there"])
def test_a_title_of_one_word_is_not_found_in_that_word_and_a_small_one(typed):
    assert read(typed).titles == ()


def test_a_genre_that_no_movie_has_is_named_though_a_text_holds_the_word():
    known = KNOWN._replace(genres=frozenset(["Drama"]), vocabulary=frozenset(["documentary"]))
    assert read_question("a documentary maybe", known).unknown == ("documentary",)
    assert read_question("a documentary", known._replace(genres=frozenset())).unknown == ()


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("need a good cry", "heartbreaking sad drama"),
        ("mind blown ending", "mind-bending mystery thriller"),
        (
            "something slow and beautiful, can't sleep",
            "slow melancholy love story breathtaking epic journey",
        ),
        ("a feel-good movie from the 90s", "warm buddy comedy about friendship"),
    ],
)
def test_a_mood_that_no_movie_has_as_a_keyword_is_a_text_like_those_that_have_it(typed, text):
    asked = read(typed)
    assert (asked.text, asked.is_implied) == (text, True)
    asked = read(typed, KNOWN._replace(labels=list(TEXTS_OF_MOODS)))
    assert asked.text != text
    assert not asked.is_implied
    assert not read(f"{typed} with robots").is_implied


@pytest.mark.parametrize("typed", ["a good thriller", "something funny", "funny horror movies"])
def test_a_kind_or_a_mood_is_told_from_more(typed):
    assert read(typed).names_kind
    assert not read(f"{typed} with robots").names_kind


@pytest.mark.parametrize("typed", ["under 90 minutes", "a movie from the 90s", "old movies"])
def test_who_names_but_years_or_a_length_is_told_from_who_names_more(typed):
    asked = read(typed)
    assert asked.names_limits
    assert not asked.names_nothing
    assert not read(f"{typed} with robots").names_limits
    assert not read(f"{typed} with uma thurman").names_limits


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("rainy sunday, a heist", "heist"),
        ("first date, robots", "robots"),
        ("robots, not sad", "robots"),
    ],
)
def test_no_mood_is_taken_from_who_says_what_they_want(typed, text):
    asked = read(typed)
    assert (asked.text, asked.is_implied) == (text, False)


# --- For whom, and nothing -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "ratings"),
    [
        ("something for a 5 year old", "G PG"),
        ("movies for my 7 and 12 year olds", "G PG"),
        ("for my 13 year old son", "G PG PG-13"),
        ("to watch with grandma", "G PG PG-13"),
        ("suitable for kids", "G PG"),
        ("family movie night", "G PG PG-13"),
        ("my toddler is 3", "G"),
        ("we have two kids, 4 and 7", "G"),
        ("something a five year old can watch", "G PG"),
        ("ages 6 and up", "G PG"),
        ("sleepover of 11 year olds", "G PG PG-13"),
        ("for third graders", "G PG"),
        ("for my teenage son", "G PG PG-13"),
        ("with a 7 y/o", "G PG"),
        ("something my mother in law won't be offended by", "G PG PG-13"),
        ("wholesome comedy", "G PG PG-13"),
        ("scary but pg", "PG"),
        ("rated r thriller", "R"),
        ("pg-13 or lower", "G PG PG-13"),
    ],
)
@in_any_case
def test_who_watches_along_is_a_fact(typed, ratings, change):
    assert tell(change(typed)) == [[f"rated {rating}" for rating in ratings.split()]]


@pytest.mark.parametrize(
    "typed",
    [
        "rom com for girls night",
        "a 12 year old chess prodigy",
        "a boy of 12 fights for his family",
        "two kids run away",
        "the one with the little girl",
    ],
)
def test_who_is_in_the_story_does_not_watch_along(typed):
    assert tell(typed) == []


def test_of_several_who_watch_along_the_youngest_counts():
    [one, other] = read("whole fam, ages 5 to 75").firm
    assert [len(one.ways), len(other.ways)] in ([3, 2], [2, 3])


def test_a_film_of_before_1985_is_for_children_only_if_it_is_a_family_film():
    [fact] = read("for my 6 year old").firm
    rows = pl.DataFrame(
        {
            "certification": ["PG", "PG", "PG", "G"],
            "year": [1975, 1982, 1990, 1950],
            "genres": [["Horror"], ["Family"], ["Adventure"], ["Drama"]],
        }
    )
    assert rows.select(to_expr(fact.where)).to_series().to_list() == [False, True, True, False]


def test_where_no_movie_is_rated_genre_and_keyword_must_do_and_are_told():
    assert tell("scary movie for kids", UNRATED) == [["Family", "family-friendly"]]
    assert tell("for adults", UNRATED) == [["not Family or family-friendly"]]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "!?",
        "what should i watch tonight?",
        "what should we see",
        "surprise me",
        "a great film",
        "anything good",
        "please recommend me something",
        "i need a movie",
    ],
)
@in_any_case
def test_who_names_nothing_is_told_from_who_does(typed, change):
    assert read(change(typed)).names_nothing
    assert not read(change(typed) + " with robots").names_nothing


@pytest.mark.parametrize(
    ("typed", "text", "unwanted"),
    [
        ("a house more cozy than scary", "house cozy", "scary"),
        (
            "my son is 5 and scared of ghosts, something with robots",
            "something with robots",
            "ghosts",
        ),
        ("space but not alien", "space", "alien"),
    ],
)
def test_what_one_fears_or_wants_less_is_unwanted(typed, text, unwanted):
    asked = read(typed)
    assert (asked.text, asked.unwanted) == (text, unwanted)
    assert ("alien" in asked.hidden) == (unwanted == "alien")
    assert read("a boy who is afraid of water").unwanted == ""


# --- Stories and other texts ---------------------------------------------------------------------

STORY = (
    "a man wakes up and has no memory, not sure what happened, "
    "in an american film from the 1990s with al pacino"
)


def test_a_story_filters_nothing_and_keeps_its_text():
    asked = read(STORY)
    assert asked.is_story
    assert (asked.firm, asked.unwanted, asked.hidden, asked.text) == ((), "", (), STORY)
    assert {fact.kind for fact in asked.lifting} == {"nation", "year", "person"}


def test_a_question_of_twelve_words_is_no_story():
    asked = read("korean crime thriller from the 2000s with cars but without any blood")
    assert not asked.is_story
    assert len(asked.firm) == 2
    assert asked.unwanted == "blood"


@pytest.mark.parametrize(
    "typed",
    [
        "hi there, we are looking for a korean crime movie to watch with our friends tonight",
        "i had a long week and want something korean, a crime movie maybe, that i can enjoy",
    ],
)
def test_a_long_question_of_who_asks_is_no_story_unless_they_remember(typed):
    asked = read(typed)
    assert "nation" in {fact.kind for fact in asked.firm}
    assert read(f"{typed}, and i remember a car").is_story
    assert read(f"{typed}, {' car' * 30}").is_story
    assert read(f"{typed}, the one with a car").is_story


def test_words_of_content_are_those_that_say_something_each_once():
    assert read("the best robots and the robots in space").content == ["robots", "space"]


def test_of_another_language_than_english_only_titles_are_read(monkeypatch):
    monkeypatch.setattr(config, "TMDB_LANGUAGE", "nb-NO")
    asked = read("80s horror without blood")
    assert (asked.text, asked.facts, asked.unwanted) == ("80s horror without blood", (), "")
    assert read("city of god").titles == ("city",)


PIECES = ["like", "but", "not", "no", "without", "late 80s", "the NINETIES", "Under two hours", ","]
PIECES += ["and a half", "from 1960", "to", "Korean", "french film", "'", "99999999999", "İ", "or"]
PIECES += ["al pacino", "by", "directed", "kubrick", "alien", "star wars", "pixar", "for my", "6"]
PIECES += [
    "year old",
    "quentin tarentino",
    "pulp ficton",
    "please",
    "neither",
    "nor",
    "with",
    "2005",
]


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_any_text_is_read_and_what_is_read_tells_itself(typed):
    asked = read(typed)
    assert asked.typed == typed
    assert all(told and where for fact in asked.facts for where, told in fact.tell())
    assert {*asked.titles, *asked.like, *asked.hidden} <= {*MOVIES["id"]}
    asked_for = (asked.text, asked.facts, asked.titles, asked.like, asked.unwanted, asked.hidden)
    assert asked.names_nothing or any(asked_for)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_a_question_is_read_the_same_in_capitals(typed):
    small, large = read(typed.lower()), read(typed.upper())
    assert (small.facts, small.unwanted, small.titles) == (
        large.facts,
        large.unwanted,
        large.titles,
    )


@pytest.mark.parametrize(
    "piece",
    ["a, ", "not ", "like heat ", "80s ", "no korean, ", "al pacino ", "watch ", "x", "(", "l'"],
)
def test_a_megabyte_of_anything_is_read(piece):
    typed = piece * (1_000_000 // len(piece))
    asked = read(typed).typed
    assert asked
    assert typed.startswith(asked)
