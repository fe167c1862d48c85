"""The numbers behind a page, without a word.

plan          How thoroughly does a report look?
seen          What do several sections read of the model, computed once?
model         What is the model made of, and are its logits proven?
data          What is in the images, and were they trained on?
performance   How often is the model right, and which classes does it confuse?
layers        What does each layer keep?
shown_layers  Which layers does it walk through?
specimens     Which image stands for a class, and what do the layers make of it?
mistakes      Why was each mistake made?
further_maps  What do the methods that were asked for say of the mistakes?
causes        Which channels lie behind the confusions?
trust         How far can the maps that it shows be trusted?
twin          How does a record become JSON, and a record again?
"""
