"""A stand-in for the parts of Twilio's REST API that a number is set by, after its documentation (May 2026).

Lists are pages with a `meta` or a `next_page_uri`; errors have `code`, `message`, `status`; a form updates what it
names and nothing else; a call with a wrong token is 401 with code 20003, an unknown resource 404 with 20404.
"""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SID, TOKEN, NUMBER = "AC" + "0a" * 16, "0123456789abcdef", "+16175550198"


def parameter(name):
    """Return how a form names a property: `voice_url` is `VoiceUrl`."""
    return "".join(part.capitalize() for part in name.split("_"))


class TwilioAccount:
    """An account with one number; its properties can be changed by the test. `refuse` answers everything."""

    def __init__(self):
        self.account = {"sid": SID, "status": "active", "type": "Full", "friendly_name": "Payment line"}
        self.numbers = [
            {"sid": "PN" + "1" * 32, "phone_number": NUMBER, "voice_url": "https://demo.twilio.com"}
        ]
        self.region = None
        self.countries = [self.country("US"), self.country("CA"), self.country("LV", on=False)]
        self.add_ons = []
        self.refuse = None
        self.updates = []
        account = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(*account.get(urlsplit(self.path), self.headers["Authorization"]))

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: value[0] for name, value in parse_qs(text, keep_blank_values=True).items()}
                self.answer(*account.post(urlsplit(self.path), self.headers["Authorization"], form))

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @staticmethod
    def country(code, *, on=True, risky=False):
        return {
            "iso_code": code,
            "low_risk_numbers_enabled": on,
            "high_risk_special_numbers_enabled": False,
            "high_risk_tollfraud_numbers_enabled": risky,
        }

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _refused(self, authorization):
        if self.refuse is not None:
            return self.refuse
        wanted = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        return None if authorization == wanted else self.error(401, 20003)

    @staticmethod
    def error(status, code):
        more = f"https://www.twilio.com/docs/errors/{code}"
        return status, {"code": code, "message": "…", "more_info": more, "status": status}

    def get(self, address, authorization):
        refused = self._refused(authorization)
        if refused:
            return refused
        host, _, path = address.path[1:].partition("/")
        asked = {name: value[0] for name, value in parse_qs(address.query).items()}
        if (host, path) == ("api.twilio.com", f"2010-04-01/Accounts/{SID}.json"):
            return 200, self.account
        if (host, path) == ("api.twilio.com", f"2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json"):
            number = asked.get("PhoneNumber")
            found = [each for each in self.numbers if number in {None, each["phone_number"]}]
            return 200, {"incoming_phone_numbers": found, "page": 0, "next_page_uri": None}
        if host == "routes.twilio.com" and self.region:
            return 200, {"phone_number": NUMBER, "voice_region": self.region}
        if (host, path) == ("voice.twilio.com", "v1/DialingPermissions/Countries"):
            return 200, {"content": self.countries, "meta": {"key": "content", "next_page_url": None}}
        if (host, path) == ("marketplace.twilio.com", "v1/InstalledAddOns"):
            named = [{"friendly_name": name, "unique_name": name} for name in self.add_ons]
            return 200, {
                "installed_add_ons": named,
                "meta": {"key": "installed_add_ons", "next_page_url": None},
            }
        return self.error(404, 20404)

    def post(self, address, authorization, form):
        refused = self._refused(authorization)
        if refused:
            return refused
        for number in self.numbers:
            if address.path.endswith(f"/IncomingPhoneNumbers/{number['sid']}.json"):
                self.updates.append(form)
                known = {parameter(name): name for name in (*number, *PROPERTIES)}
                number.update({known[name]: value for name, value in form.items()})
                return 200, number
        return self.error(404, 20404)


PROPERTIES = (
    *("voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method", "status_callback"),
    *("status_callback_method", "voice_application_sid", "trunk_sid", "voice_receive_mode"),
)
