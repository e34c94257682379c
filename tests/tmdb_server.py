"""
TMDb, played by a real HTTP server on loopback: keys, paging, filters, and
faults on order.
"""

import json
import random
import re
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

V3_KEY = "0123456789abcdef0123456789abcdef"
V4_KEY = "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZXMiOlsiYXBpX3JlYWQiXX0.c2lnbmF0dXJl"
GENRES = {16: "Animation", 18: "Drama", 35: "Comedy"}
PAGE_SIZE = 20


def make_movie(id: int, **fields) -> dict:
    """A row of TMDb's discover answer."""
    return {
        "adult": False,
        "genre_ids": [18],
        "id": id,
        "original_language": "en",
        "original_title": f"Movie {id}",
        "overview": f"A movie with the number {id}.",
        "popularity": 1.0,
        "poster_path": f"/{id}.jpg",
        "release_date": "1999-12-31",
        "title": f"Movie {id}",
        "video": False,
        "vote_average": 5.0 + id % 50 / 10,
        "vote_count": 1_000 + id,
        **fields,
    }


def make_details(id: int) -> dict:
    """What TMDb's `/movie/{id}` tells beside that: of the people, far more than is read."""
    crew = [
        {"id": number, "name": f"Someone {number}", "job": "Grip", "credit_id": f"{number:024x}"}
        for number in range(300)
    ]
    crew[100]["job"] = crew[200]["job"] = "Director"
    crew[100]["name"], crew[200]["name"] = f"Director {id}", f"Other director {id}"
    cast = [
        {"id": number, "name": f"Actor {number} of {id}", "character": f"Role {number}"}
        | {"order": number, "credit_id": f"{number:024x}", "profile_path": f"/{number}.jpg"}
        for number in range(100)
    ]
    return {
        "belongs_to_collection": {"id": id, "name": f"Series {id}", "poster_path": "/s.jpg"},
        "credits": {"cast": cast[::-1], "crew": crew},
        "genres": [{"id": 18, "name": "Drama"}],
        "homepage": "https://example.org",
        "imdb_id": f"tt{id:07}",
        "keywords": {"keywords": [{"id": n, "name": f"keyword {n}"} for n in range(40)]},
        "overview": "In another language.",
        "production_companies": [
            {
                "id": n,
                "name": f"Studio {n} of {id}",
                "logo_path": f"/{n}.png",
                "origin_country": "US",
            }
            for n in range(12)
        ],
        "production_countries": [
            {"iso_3166_1": "US", "name": "United States of America"},
            {"iso_3166_1": "NO", "name": "Norway"},
        ],
        "release_dates": {"results": [make_releases(country) for country in ("NO", "US", "GB")]},
        "runtime": 120,
        "title": f"Title {id} in another language",
    }


class Service(NamedTuple):
    """A service of one country, how one has movies there, and which."""

    name: str
    id: int
    ways: tuple
    movies: set
    country: str = "NO"

    def describe(self):
        return {
            "logo_path": f"/{self.id}.jpg",
            "provider_id": self.id,
            "provider_name": self.name,
            "display_priority": self.id,
        }


def make_releases(country: str) -> dict:
    """What one country says of who may see a movie: at a festival, in theatres and at home."""
    certifications = {"US": ("", "PG-13", "R"), "NO": ("", "12", "12"), "GB": ("", "12A", "15")}
    releases = [
        {
            "certification": certification,
            "descriptors": [],
            "iso_639_1": "",
            "note": "",
            "type": kind,
        }
        | {"release_date": "1999-12-31T00:00:00.000Z"}
        for certification, kind in zip(certifications[country], (1, 3, 5), strict=True)
    ]
    return {"iso_3166_1": country, "release_dates": releases[::-1]}


class FakeTMDb:
    """
    What the server knows, what it was asked, and the faults it plays.

    Attributes
    ----------
    requests
        Path, query and headers of each request.
    clients
        Address and port of each request's sender.
    details
        Of some movies, what `/movie/{id}` tells in place of `make_details`.
    faults
        From the number of a request, counted from 1, to a function that gets
        the handler and answers in its own way.
    shifts
        During so many requests the rows stand in another order at each, as
        when votes come in while pages are read.
    last_page
        No page beyond it is handed out.
    services
        Who shows which movies, and how: `Service`.
    """

    def __init__(self, movies=()):
        self.movies = list(movies)
        self.genres = dict(GENRES)
        self.requests = []
        self.clients = []
        self.details = {}
        self.faults = {}
        self.shifts = 0
        self.last_page = 500
        self.services = []
        self._lock = threading.Lock()

    def handle(self, handler):
        url = urlsplit(handler.path)
        query = dict(parse_qsl(url.query))
        with self._lock:
            self.requests.append((url.path, query, dict(handler.headers)))
            self.clients.append(handler.client_address)
            number = len(self.requests)
        fault = self.faults.get(number)
        if fault:
            fault(handler)
        elif (
            query.get("api_key") != V3_KEY
            and handler.headers.get("Authorization") != f"Bearer {V4_KEY}"
        ):
            send(
                handler,
                401,
                {"status_code": 7, "status_message": "Invalid API key", "success": False},
            )
        elif url.path == "/3/genre/movie/list":
            send(
                handler,
                200,
                {"genres": [{"id": id, "name": name} for id, name in self.genres.items()]},
            )
        elif url.path == "/3/search/movie":
            send(
                handler,
                200,
                self.page(
                    [m for m in self.movies if query["query"].lower() in m["title"].lower()], 1
                ),
            )
        elif url.path == "/3/discover/movie":
            page = int(query.get("page", 1))
            if page > self.last_page:
                send(
                    handler,
                    400,
                    {"status_code": 22, "status_message": "Invalid page", "success": False},
                )
            else:
                send(handler, 200, self.page(self.select(query, number), page))
        elif (places := self.list_places(url.path, query)) is not None:
            send(handler, 200, places)
        elif found := [m for m in self.movies if url.path == f"/3/movie/{m['id']}"]:
            send(handler, 200, self.describe(found[0], query.get("append_to_response", "")))
        else:
            send(handler, 404, {"status_code": 34, "status_message": "Not found", "success": False})

    def select(self, query, number):
        found = [
            movie
            for movie in self.movies
            if movie["vote_count"] >= int(query.get("vote_count.gte", 0))
            and movie["vote_count"] <= int(query.get("vote_count.lte", 10**9))
            and self.is_shown(movie["id"], query)
        ]
        key, _, direction = query.get("sort_by", "popularity.desc").partition(".")
        key = {"primary_release_date": "release_date"}.get(key, key)
        found.sort(key=lambda movie: (movie[key], movie["id"]), reverse=direction == "desc")
        if number <= self.shifts:
            random.Random(number).shuffle(found)
        return found

    def describe(self, movie, appended=""):
        details = make_details(movie["id"]) | self.details.get(movie["id"], {})
        for part in {"credits", "keywords", "release_dates"} - set(appended.split(",")):
            details.pop(part, None)
        return {field: movie[field] for field in movie if field != "genre_ids"} | details

    # Where to watch

    def is_shown(self, id, query):
        asked = query.get("with_watch_providers", "").split("|")
        ways = set(query.get("with_watch_monetization_types", "").split("|"))
        return asked == [""] or any(
            id in service.movies and ways & set(service.ways)
            for service in self.services
            if str(service.id) in asked and service.country == query["watch_region"]
        )

    def list_places(self, path, query):
        """What is answered under watch/providers; None is another address."""
        countries = sorted({"US", "NO"} | {service.country for service in self.services})
        if path == "/3/watch/providers/regions":
            return {"results": [{"iso_3166_1": code, "english_name": code} for code in countries]}
        if path == "/3/watch/providers/movie":
            there = [one for one in self.services if one.country == query["watch_region"]]
            return {"results": [service.describe() for service in there]}
        found = re.fullmatch(r"/3/movie/(\d+)/watch/providers", path)
        if not found or int(found[1]) not in {movie["id"] for movie in self.movies}:
            return None
        results = {}
        for service in self.services:
            if int(found[1]) in service.movies:
                link = f"https://www.themoviedb.org/movie/{found[1]}/watch?locale={service.country}"
                place = results.setdefault(service.country, {"link": link})
                for way in service.ways:
                    place.setdefault(way, []).append(service.describe())
        return {"id": int(found[1]), "results": results}

    def page(self, found, page):
        return {
            "page": page,
            "results": found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
            "total_pages": -(-len(found) // PAGE_SIZE),
            "total_results": len(found),
        }


def send(handler, status, body, headers=()):
    """Answer with a status, and a body that is JSON unless it is bytes."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {
        "Content-Type": "application/json",
        "Content-Length": len(body),
        **dict(headers),
    }.items():
        handler.send_header(name, str(value))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def serve(tmdb: FakeTMDb, tls: ssl.SSLContext | None = None):
    """Run the server on a free port; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            try:
                tmdb.handle(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_CONNECT = answer  # noqa: N815

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/3"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
