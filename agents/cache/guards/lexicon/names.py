"""Words that are one thing in capitals and another without."""

from agents.cache.guards.lexicon.listing import words

CASED = words("""
    polish turkey china apple amazon windows word excel teams oracle java ruby rust swift chrome edge target gap
    visa mercury nice reading bath mobile jordan chad bill mark rose grace hope faith joy sue rob nick jack drew
    frank grant miles chase hunter mason cook bush gates jobs square stripe slack zoom meta shell fox delta subway
    time people safari opera outlook access office notes pages numbers discover express lime bolt spring flask
    express python go julia dart scratch spark hive pig storm flink kafka puppet chef salt vault consul
    orange sprint cricket boost mint ally citizens discovery match tinder bumble hinge snap signal telegram
    drive sheets docs slides forms meet photos calendar translate maps cash affirm wise revolution echo
    alexa fire ring nest pixel galaxy surface kindle paramount max peacock hulu prime""")
