"""Edge kinds: a new one is a class in a module here, and a line in `EDGE_KINDS`."""

from constructs_lib.loops.edges.alarms import Alarms
from constructs_lib.loops.edges.api_calls import ApiCalls
from constructs_lib.loops.edges.apis import Apis
from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Listener, Message, Put, unchanged
from constructs_lib.loops.edges.copies import AccessLogs, Replication, Trails
from constructs_lib.loops.edges.custom_resources import CustomResources
from constructs_lib.loops.edges.events import Rules, S3ToEventBridge
from constructs_lib.loops.edges.graphql import GraphQl
from constructs_lib.loops.edges.integrations import Integrations
from constructs_lib.loops.edges.iot import Iot
from constructs_lib.loops.edges.jobs import Jobs
from constructs_lib.loops.edges.kafka import Clusters
from constructs_lib.loops.edges.lambdas import Destinations, DirectInvocation
from constructs_lib.loops.edges.logs import Logs
from constructs_lib.loops.edges.mail import Mail
from constructs_lib.loops.edges.mappings import EventSourceMappings
from constructs_lib.loops.edges.object_lambdas import ObjectLambdas
from constructs_lib.loops.edges.others import Others
from constructs_lib.loops.edges.pipes import Pipes
from constructs_lib.loops.edges.queues import Queues
from constructs_lib.loops.edges.repositories import Repositories
from constructs_lib.loops.edges.s3 import S3Notifications
from constructs_lib.loops.edges.schedules import Schedules
from constructs_lib.loops.edges.secrets import Secrets
from constructs_lib.loops.edges.service_events import ServiceEvents
from constructs_lib.loops.edges.states import StateMachines
from constructs_lib.loops.edges.streams import Firehoses, Streams
from constructs_lib.loops.edges.tables import Tables
from constructs_lib.loops.edges.topics import Topics
from constructs_lib.loops.edges.undeclared import Undeclared
from constructs_lib.loops.edges.urls import Urls
from constructs_lib.loops.edges.users import UserPools
from constructs_lib.loops.edges.workflows import Workflows

__all__ = ["EDGE_KINDS", "Actor", "Channel", "Deposit", "EdgeKind", "Listener", "Message", "Put", "unchanged"]

EDGE_KINDS: tuple[EdgeKind, ...] = (
    Undeclared(),  # first: it adds what is not in the templates
    Rules(),  # before what sends to the default bus, which it adds
    S3Notifications(),
    S3ToEventBridge(),
    ApiCalls(),
    DirectInvocation(),
    Destinations(),
    EventSourceMappings(),
    Queues(),
    Topics(),
    Tables(),
    Streams(),
    Firehoses(),
    Clusters(),
    Pipes(),
    StateMachines(),
    Jobs(),
    Workflows(),
    Repositories(),
    ServiceEvents(),
    Logs(),
    Alarms(),  # after the logs, which add the groups that metrics are counted in
    Replication(),
    AccessLogs(),
    Trails(),
    ObjectLambdas(),
    Apis(),
    Integrations(),
    GraphQl(),
    Urls(),
    Schedules(),
    Iot(),
    Mail(),
    UserPools(),
    Secrets(),
    CustomResources(),
    Others(),  # last: what no other kind reads
)
