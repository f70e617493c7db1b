#!/usr/bin/env python3
"""Records what botocore makes of random environments and config files, for tests/request.rs.

    python3 record.py SEED PER_KIND > botocore.json     (recorded with botocore 1.43.11, awscli 1.45.11)

Nothing is sent: what would ask a service, run a program or read metadata is replaced below. `@` stands for the
directory that the files are in.
"""

import collections
import json
import os
import random
import sys
import tempfile

import botocore.credentials as C
import botocore.session
import botocore.utils as U
from botocore.configprovider import ConfiguredEndpointProvider as P
from botocore.exceptions import *

R = random.Random(int(sys.argv[1]))
PER_KIND = int(sys.argv[2])

FAKE = {"role_name": "r", "access_key": "IMDS", "secret_key": "s", "token": "t", "expiry_time": "2030-01-01T00:00:00Z"}
U.InstanceMetadataFetcher.retrieve_iam_role_credentials = lambda self: {} if self._disabled else dict(FAKE)
C.InstanceMetadataFetcher.retrieve_iam_role_credentials = U.InstanceMetadataFetcher.retrieve_iam_role_credentials
C.ContainerMetadataFetcher.retrieve_full_uri = lambda self, u, headers=None: {
    "AccessKeyId": "ECS",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2030-01-01T00:00:00Z",
}
C.ProcessProvider._retrieve_credentials_using = lambda self, p: {"access_key": "PROC", "secret_key": "s"}

names = ["default", "dev", "base", "two words", "über"]


def maybe(p):
    return R.random() < p


def val(key):
    return {
        "aws_access_key_id": lambda: R.choice(["AKIDA", "AKIDB"]),
        "aws_secret_access_key": lambda: "secret",
        "aws_session_token": lambda: "tok1",
        "aws_security_token": lambda: "tok2",
        "role_arn": lambda: R.choice(["arn:aws:iam::111122223333:role/x", 'arn:aws:iam::111122223333:role/ü"\\y']),
        "source_profile": lambda: R.choice(names * 3 + ["nope"]),
        "credential_source": lambda: R.choice(
            ["Environment", "Ec2InstanceMetadata", "EcsContainer"] * 3 + ["environment", "Bogus"]
        ),
        "mfa_serial": lambda: "arn:aws:iam::1:mfa/m",
        "external_id": lambda: R.choice(["ext", "日本 😀\t"]),
        "role_session_name": lambda: "sess",
        "duration_seconds": lambda: R.choice(["900", " 3_600", "abc", "+7", "007", "-0", "1.5"]),
        "web_identity_token_file": lambda: "/tmp/tok",
        "sso_role_name": lambda: "Admin",
        "sso_account_id": lambda: R.choice(["111122223333", "0"]),
        "sso_start_url": lambda: R.choice(["https://a/start", "https://b/start#/"]),
        "sso_region": lambda: "us-east-1",
        "sso_session": lambda: R.choice(["corp", "nosuch"]),
        "login_session": lambda: "arn:login",
        "credential_process": lambda: "/bin/p x",
        "region": lambda: R.choice(["eu-west-1", "us-gov-west-1", "cn-north-1"]),
        "endpoint_url": lambda: "http://profile:1",
        "services": lambda: R.choice(["svc", "svc", "nosvc"]),
        "ignore_configured_endpoint_urls": lambda: R.choice(["true", "True", "false", "1"]),
        "ca_bundle": lambda: "/ca/profile",
        "use_dualstack_endpoint": lambda: R.choice(["true", "false"]),
        "use_fips_endpoint": lambda: R.choice(["true", "false"]),
    }[key]()


groups = [
    (["aws_access_key_id", "aws_secret_access_key"], 0.35),
    (["aws_access_key_id"], 0.06),
    (["aws_secret_access_key"], 0.05),
    (["aws_session_token"], 0.1),
    (["aws_security_token"], 0.05),
    (["role_arn"], 0.4),
    (["source_profile"], 0.4),
    (["credential_source"], 0.08),
    (["mfa_serial"], 0.12),
    (["external_id"], 0.2),
    (["role_session_name"], 0.15),
    (["duration_seconds"], 0.25),
    (["web_identity_token_file"], 0.12),
    (["sso_role_name", "sso_account_id"], 0.15),
    (["sso_role_name"], 0.03),
    (["sso_start_url", "sso_region"], 0.2),
    (["sso_session"], 0.12),
    (["login_session"], 0.06),
    (["credential_process"], 0.1),
    (["region"], 0.5),
    (["endpoint_url"], 0.2),
    (["services"], 0.15),
    (["ignore_configured_endpoint_urls"], 0.1),
    (["ca_bundle"], 0.1),
    (["use_dualstack_endpoint"], 0.1),
    (["use_fips_endpoint"], 0.1),
]


def section():
    keys = {}
    for g, p in groups:
        if maybe(p):
            for k in g:
                keys[k] = val(k)
    lines = []
    for k, v in keys.items():
        sep = R.choice([" = ", "=", ": ", " : "])
        kk = R.choice([k, k.upper(), k.title()])
        if R.random() < 0.1:
            lines.append(R.choice(["# c", "; c", "", "  # indented", "\t"]))
        lines.append(kk + sep + v)
    if maybe(0.3):
        b = ["s3 ="]
        if maybe(0.7):
            b.append("  addressing_style = " + R.choice(["path", "virtual", "auto"]))
        if maybe(0.2):
            b.append("  use_accelerate_endpoint = " + R.choice(["true", "false"]))
        if maybe(0.2):
            b.append("  use_dualstack_endpoint=" + R.choice(["true", "True", "TRUE", "false"]))
        if maybe(0.2):
            b.append("  payload_signing_enabled= true")
        if maybe(0.2):
            b.append("  # note")
        lines += b
    return lines


def config():
    out = []
    for n in names:
        if maybe(0.6):
            h = (
                "default"
                if n == "default" and maybe(0.8)
                else ("profile " + ('"%s"' % n if " " in n or maybe(0.2) else n))
            )
            out += ["[%s]" % h] + section() + [""]
    if maybe(0.5):
        out += ["[sso-session corp]"]
        if maybe(0.9):
            out += ["sso_start_url = https://a/start"]
        if maybe(0.9):
            out += ["sso_region = us-east-1"]
    if maybe(0.6):
        out += ["[services svc]"]
        if maybe(0.8):
            out += ["s3 =", "  endpoint_url = http://svc-s3:2"]
        if maybe(0.5):
            out += ["sts =", "  endpoint_url = http://svc-sts:2"]
        if maybe(0.3):
            out += ["s3_control =", "  endpoint_url = http://svc-s3c:2"]
        if maybe(0.3):
            out += ["iam =", "  foo = bar"]
    return "\n".join(out) + "\n"


def creds():
    out = []
    for n in names:
        if maybe(0.4):
            out += ["[%s]" % n] + section() + [""]
    return "\n".join(out) + "\n"


ENV = [
    ("AWS_ACCESS_KEY_ID", 0.25, ["ENVKEY", ""]),
    ("AWS_SECRET_ACCESS_KEY", 0.25, ["envsecret", ""]),
    ("AWS_SESSION_TOKEN", 0.15, ["envtok", ""]),
    ("AWS_SECURITY_TOKEN", 0.08, ["oldtok"]),
    ("AWS_PROFILE", 0.3, names + ["nope", ""]),
    ("AWS_DEFAULT_PROFILE", 0.15, names),
    ("AWS_REGION", 0.2, ["us-west-1"]),
    ("AWS_DEFAULT_REGION", 0.2, ["us-west-2"]),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", 0.1, ["/env/tok", ""]),
    ("AWS_ROLE_ARN", 0.15, ["arn:aws:iam::9:role/env", ""]),
    ("AWS_ROLE_SESSION_NAME", 0.1, ["envsess"]),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", 0.1, ["/x"]),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", 0.1, ["http://localhost/x"]),
    ("AWS_EC2_METADATA_DISABLED", 0.3, ["true", "TRUE", "false"]),
    ("AWS_ENDPOINT_URL", 0.2, ["http://env:3", ""]),
    ("AWS_ENDPOINT_URL_S3", 0.2, ["http://env-s3:3", "https://s3-accelerate.amazonaws.com"]),
    ("AWS_ENDPOINT_URL_STS", 0.1, ["http://env-sts:3"]),
    ("AWS_ENDPOINT_URL_S3_CONTROL", 0.1, ["http://env-s3c:3"]),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", 0.1, ["true", "false", ""]),
    ("AWS_CA_BUNDLE", 0.1, ["/ca/env"]),
    ("REQUESTS_CA_BUNDLE", 0.1, ["/ca/req"]),
    ("AWS_USE_DUALSTACK_ENDPOINT", 0.1, ["true", "false"]),
    ("AWS_USE_FIPS_ENDPOINT", 0.1, ["true", "false"]),
    ("AWS_CREDENTIAL_FILE", 0.05, None),
]


def key_of(c):
    r = c._refresh_using
    if hasattr(r, "_refresh"):
        r = r._refresh
    return r.__self__


def describe(creds, prov):
    m = prov
    d = {"method": m}
    if m in ("assume-role",):
        f = key_of(creds)
        d["cache_key"] = f._cache_key
        d["role"] = f._role_arn
        sc = f._source_credentials
        d["source"] = sc.method
        if sc.method in ("assume-role", "assume-role-with-web-identity", "sso"):
            d["source_key"] = key_of(sc)._cache_key
        else:
            d["source_access"] = sc.access_key
    elif m == "assume-role-with-web-identity":
        f = key_of(creds)
        d["cache_key"] = f._cache_key
        d["role"] = f._role_arn
    elif m == "sso":
        f = key_of(creds)
        d["cache_key"] = f._cache_key
        d["token_key"] = (
            U.SSOTokenLoader()._generate_cache_key(f._start_url, f._sso_session_name)
            if hasattr(U.SSOTokenLoader(), "_generate_cache_key")
            else None
        )
    else:
        d["access"] = creds.access_key
        d["token"] = creds.token
    return d


cases = []
work = tempfile.mkdtemp()
kinds = collections.Counter()
rounds = 0
boto_file = os.path.join(work, "credfile")
open(boto_file, "w").write("AWSAccessKeyId=OLD\nAWSSecretKey=s\n")
while rounds < PER_KIND * 150:
    rounds += 1
    os.environ.clear()
    os.environ["HOME"] = work
    os.environ["PATH"] = "/bin"
    cfg, crd = config(), creds()
    cp, sp = os.path.join(work, "config"), os.path.join(work, "credentials")
    open(cp, "w").write(cfg)
    open(sp, "w").write(crd)
    env = {"HOME": work, "AWS_CONFIG_FILE": cp, "AWS_SHARED_CREDENTIALS_FILE": sp}
    for k, p, vs in ENV:
        if maybe(p):
            env[k] = boto_file if vs is None else R.choice(vs)
    argv = []
    if maybe(0.3):
        argv += ["--profile", R.choice(names + ["nope"])]
    if maybe(0.2):
        argv += ["--region", "ap-south-1"]
    if maybe(0.2):
        argv += ["--endpoint-url", "http://flag:4"]
    os.environ.update(env)
    s = botocore.session.Session()
    flag = dict(zip(argv[::2], argv[1::2]))
    if flag.get("--profile"):
        s.set_config_variable("profile", flag["--profile"])
    if flag.get("--region"):
        s.set_config_variable("region", flag["--region"])
    exp = {}
    try:
        scoped = s.get_scoped_config()
        exp["profile"] = s.get_config_variable("profile") or "default"
        exp["region"] = s.get_config_variable("region")
        exp["ca"] = s.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")

        def one():
            res = s.get_component("credential_provider")
            for p in res.providers:
                c = p.load()
                if c is not None:
                    return describe(c, p.METHOD)
            return {"method": "none"}

        try:
            exp["creds"] = one()
        except PartialCredentialsError as e:
            exp["creds"] = {"method": "partial", "var": str(e).rsplit("missing: ")[-1]}
        except MissingDependencyException:
            exp["creds"] = {"method": "login"}
        except (InvalidConfigError, InfiniteLoopConfigError, CredentialRetrievalError) as e:
            exp["creds"] = {"method": "invalid", "text": str(e)}
        ignore = s.get_config_variable("ignore_configured_endpoint_urls")
        for svc in ["s3", "sts", "iam", "s3control"]:
            if svc == "s3" and "--endpoint-url" in flag:
                exp[svc] = flag["--endpoint-url"]
                continue
            if ignore:
                exp[svc] = None
                continue
            try:
                exp[svc] = P(s.full_config, scoped, svc, os.environ).provide()
            except InvalidConfigError:
                exp[svc] = "ERR"
        if exp["s3"] != "ERR" and exp["creds"]["method"] != "x":
            os.environ.pop("AWS_CA_BUNDLE", None)
            try:
                cl = s.create_client(
                    "s3",
                    endpoint_url=flag.get("--endpoint-url"),
                    aws_access_key_id="a",
                    aws_secret_access_key="b",
                    region_name=exp["region"],
                )
                b = cl._ruleset_resolver._builtins
                exp["path"] = b["AWS::S3::ForcePathStyle"]
                exp["dual"] = b["AWS::UseDualStack"]
                exp["fips"] = b["AWS::UseFIPS"]
                exp["accel"] = b["AWS::S3::Accelerate"]
                assert b["SDK::Endpoint"] == exp["s3"], (b["SDK::Endpoint"], exp["s3"])
            except AssertionError:
                raise
            except Exception as e:
                exp["client_error"] = repr(e)[:200]
    except ProfileNotFound as e:
        exp = {"creds": {"method": "profile-not-found"}, "profile": s.get_config_variable("profile")}
    except ConfigParseError as e:
        continue
    if "client_error" in exp:
        del exp["client_error"]
    kind = exp["creds"]["method"]
    kinds[kind] += 1
    if kinds[kind] > PER_KIND:
        continue
    if kind == "invalid":
        exp["creds"].pop("text")
    cases.append(
        {
            "config": cfg,
            "credentials": crd,
            "env": {k: v.replace(work, "@") for k, v in env.items()},
            "argv": argv,
            "expect": exp,
        }
    )
print("[" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "]")
print(kinds, file=sys.stderr)
